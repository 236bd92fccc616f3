"""Which groups of notes are ripe for a post."""
