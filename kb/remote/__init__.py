"""A Chroma server: its HTTP interface, the records on it, and pulling the notes of another machine from it."""
