"""The verbs of `KnowledgeBase` that are not about notes alone: models, measuring, written outlines, decisions."""
