"""What was read, in formats of other programs: plain text, CSV and hOCR."""
