"""Measuring what kb finds."""
