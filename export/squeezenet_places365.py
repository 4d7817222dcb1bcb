"""SqueezeNet-Places365: its .npz -> a checked, stamped .onnx; ``pixelpriv_fast/models/exporting.py`` does it."""

from pixelpriv_fast.models.exporting import main

if __name__ == "__main__":
    raise SystemExit(main("squeezenet_places365"))
