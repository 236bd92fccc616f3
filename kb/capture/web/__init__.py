"""Fetches web pages safely, and turns them into Markdown."""
