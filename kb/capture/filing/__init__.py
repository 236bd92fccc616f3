"""Captures as notes: written, found again, and merged with what the writer changed."""
