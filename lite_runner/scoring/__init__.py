"""Scores of what was read: character error rate, Hmean of boxes, and ground truth."""
