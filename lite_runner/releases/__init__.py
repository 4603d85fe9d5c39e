"""Releases on a board: install, switch, roll back, and the settings they run with.

``release`` and ``probe`` are sent to boards as text before anything else of ours is there, so they
import nothing but the standard library.
"""
