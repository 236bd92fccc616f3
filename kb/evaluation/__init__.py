"""How well kb searches, classifies and outlines, measured against known answers."""
