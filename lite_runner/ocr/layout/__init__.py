"""How a page lies and in which order its lines are read."""
