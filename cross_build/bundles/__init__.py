"""Bundles: runner, packages, Paddle-Lite, pack and launcher in one self-contained folder."""
