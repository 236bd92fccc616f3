"""The notes of the sources -> the index."""
