"""SqueezeNet-Places365: its .npz -> a checked, stamped .onnx (as ``classifier.py`` does)."""

from classifier import main

if __name__ == "__main__":
    raise SystemExit(main("squeezenet_places365"))
