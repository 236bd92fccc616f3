"""A Chroma server: its interface, what it holds, and notes that another machine keeps there."""
