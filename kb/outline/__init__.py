"""From hits to the skeleton of a post."""
