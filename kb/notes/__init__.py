"""Reads a Markdown file and turns it into a note with its passages."""

# The version of the reading. To be raised with every change to what a note is read as: notes that an earlier version
# took in are read again by the next sync.
READING = 3
