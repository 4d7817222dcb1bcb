"""ResNet50-Places365: the official .pth.tar -> a checked, stamped .onnx (by ``pixelpriv_fast.models.classifier_export``)."""

from pixelpriv_fast.models.classifier_export import main

if __name__ == "__main__":
    raise SystemExit(main("resnet50_places365"))
