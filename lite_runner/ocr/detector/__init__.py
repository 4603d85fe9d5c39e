"""Where text is in a picture: probability maps, whole or in tiles, and quads around lines."""
