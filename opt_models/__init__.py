"""Models, on the host: where they come from, and how they become packs."""
