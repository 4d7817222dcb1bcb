"""Is anything slower than before? Every registered part, timed against a yardstick in the same run:
``python -m pixelpriv_fast.bench``."""
