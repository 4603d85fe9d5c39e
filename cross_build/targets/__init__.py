"""Targets: kinds of boards as data, what was probed of one board, and packages its system needs."""
