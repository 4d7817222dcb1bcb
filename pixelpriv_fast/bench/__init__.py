"""Times every registered part against a yardstick in the same run: ``python -m pixelpriv_fast.bench``.

``--compare`` finds what got slower than in an earlier run.
"""
