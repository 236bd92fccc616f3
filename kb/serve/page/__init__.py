"""The page: static files without a build step, and notes as harmless HTML."""
