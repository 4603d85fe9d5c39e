"""Paddle-Lite on the host: its wheel's environment, ``opt``, and models run and compared by it."""
