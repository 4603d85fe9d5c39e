"""Readers of other projects, brought to a board to be measured in turn with ours."""
