"""Networks published in other formats, written as the Paddle programs that folding and opt take."""
