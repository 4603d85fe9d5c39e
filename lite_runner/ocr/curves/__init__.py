"""Curved text: followed along its middle line and straightened."""
