"""Benchmarks that were run, read again: validated, compared, kept, and shown to people."""
