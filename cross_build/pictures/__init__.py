"""The host's pictures as boards can read them: pages of PDFs and other files, photos of phones."""
