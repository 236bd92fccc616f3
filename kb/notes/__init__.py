"""A Markdown file -> a note with its passages."""
