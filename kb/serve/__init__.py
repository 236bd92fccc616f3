"""A running server: a notebook kept open, for browsers, programs and assistants on this machine."""
