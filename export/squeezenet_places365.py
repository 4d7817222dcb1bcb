"""SqueezeNet-Places365: its .npz -> a checked, stamped .onnx (by ``pixelpriv_fast.models.classifier_export``)."""

from pixelpriv_fast.models.classifier_export import main

if __name__ == "__main__":
    raise SystemExit(main("squeezenet_places365"))
