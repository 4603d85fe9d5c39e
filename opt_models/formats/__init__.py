"""File formats of models: Paddle's programs and weights, and Paddle-Lite's .nb files."""
