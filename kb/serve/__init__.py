"""A notebook kept open, for the command line, browsers, programs and assistants on this machine."""
