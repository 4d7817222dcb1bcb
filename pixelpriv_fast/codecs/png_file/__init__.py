"""How a PNG file is laid out: chunks, and profiles that other programs wrote as text."""
