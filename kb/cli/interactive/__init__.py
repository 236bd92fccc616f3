"""What needs a person at the terminal: the view of search, and shell completion."""
