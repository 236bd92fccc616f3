"""What lies under `.kb/`: the encoder's vectors, the catalog, Chroma's generations, the lock."""
