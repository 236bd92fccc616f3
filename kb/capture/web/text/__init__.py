"""The text of a page: where it is, what in it is beside it, and how it is written as Markdown."""
