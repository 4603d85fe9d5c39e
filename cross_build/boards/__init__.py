"""Boards: how one is reached, what it answers, what is sent there, and what stands in for one."""
