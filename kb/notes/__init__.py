"""Reads a Markdown file and turns it into a note with its passages."""
