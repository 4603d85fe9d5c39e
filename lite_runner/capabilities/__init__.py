"""What models stay right with here, tried in a child: other shapes, several lines at once."""
