"""Operators of Paddle 3 as those of the programs opt reads: a table, a module a family."""
