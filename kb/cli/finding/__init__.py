"""The commands that find and show notes: search, compare, list, show, open."""
