"""Boards, from the host: what they are, how to reach them, how a reader gets onto them."""
