"""Many boards at once: which they are, what is done to each of them, and what came of it."""
