"""NIMA on MobileNet: the official .hdf5 or .npz -> a checked, stamped .onnx; ``pixelpriv_fast/models/scorer_export.py``
does it."""

from pixelpriv_fast.models.scorer_export import main

if __name__ == "__main__":
    raise SystemExit(main("nima_mobilenet"))
