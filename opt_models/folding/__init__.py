"""Rewriting Paddle programs before opt, so that they compute the same with less work."""
