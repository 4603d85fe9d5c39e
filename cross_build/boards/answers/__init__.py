"""What boards answer, checked once and as types: a board may be damaged, cut off or not ours."""
