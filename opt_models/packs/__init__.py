"""Packs: what one is made of is resolved, converted for Paddle-Lite and written with a manifest."""
