"""Commands by which a writer decides: new notes, the inbox, the log of decisions, settings, tags and links."""
