"""All notes in two dimensions, near to those that they resemble."""
