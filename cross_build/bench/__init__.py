"""Benchmarks of boards, from the host: candidates brought there, measured, compared, reported."""
