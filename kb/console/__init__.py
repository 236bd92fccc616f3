"""Results to the terminal or to JSON; the only place that prints."""
