"""What a writer decides, shown: the inbox, the log of decisions, settings, tags and links."""
