"""From a picture to lines of text: detect, classify, recognise, and the page they make."""
