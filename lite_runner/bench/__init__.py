"""On-device benchmarks: how fast and how well a board reads, and in what state it was meanwhile."""
