"""Views that fill the terminal."""
