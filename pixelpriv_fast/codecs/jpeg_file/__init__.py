"""How a JPEG file is laid out: segments before the pixels, the stream of the picture alone, and whether it is whole."""
