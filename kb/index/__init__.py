"""The index under `.kb/`: catalog, generations of vectors and lock, and its readers and writers."""

# An index repeats the text of notes, which may be readable by their owner alone.
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
