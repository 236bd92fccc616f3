"""What an outline is asked about."""
