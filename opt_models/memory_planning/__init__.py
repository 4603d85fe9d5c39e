"""Sharing of memory: which variables of a finished ``.nb`` file hold their values in one place."""
