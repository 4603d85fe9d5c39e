"""How well was read: character error rate, Hmean of boxes, and the ground truth of pictures."""
