"""Deploys to one board or many: bring a release there, verify it, switch, roll back, read."""
