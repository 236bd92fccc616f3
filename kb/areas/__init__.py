"""Decides which area a note belongs to, with what confidence, and why."""
