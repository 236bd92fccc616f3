"""Headings: which ones say something, and how they are written."""
