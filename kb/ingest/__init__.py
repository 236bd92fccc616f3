"""Markdown in: files, notes, chunks, areas."""
