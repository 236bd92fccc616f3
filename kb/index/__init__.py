"""What lies under `.kb/`: the catalog, the generations of vectors, the lock; and who reads and writes it."""

# The index repeats notes that only their owner may be able to read.
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
