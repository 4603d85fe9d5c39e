"""The program ``ocr`` of a board: read, bench, doctor, and what they print and draw."""
