"""How a TIFF file is laid out: tags, strips, and the kinds of pixels that are read."""
