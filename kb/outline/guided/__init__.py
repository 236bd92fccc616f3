"""Outlines with the writer's own headings: what each asks for, what the notes have on it, and what goes where."""
