"""Ways in besides the command line, all to a notebook that stays open."""
