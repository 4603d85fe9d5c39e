"""Whether two models compute the same: run by Paddle-Lite, compared, judged."""
