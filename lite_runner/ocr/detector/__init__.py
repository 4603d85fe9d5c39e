"""Where text is in a picture: probability maps of the whole and of tiles, and quads around lines."""
