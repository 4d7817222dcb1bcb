"""CartoonGAN: its graph cut into parts that run on strips of a photo, so that memory stays bounded."""
