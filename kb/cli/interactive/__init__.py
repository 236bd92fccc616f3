"""Commands whose view fills the terminal."""
