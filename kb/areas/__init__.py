"""Which area a note belongs to, how sure that is, and why."""
