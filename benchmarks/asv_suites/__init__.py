"""asv reads these."""
