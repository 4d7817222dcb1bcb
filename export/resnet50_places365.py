"""ResNet50-Places365: the official .pth.tar -> a checked, stamped .onnx (as ``classifier.py`` does)."""

from classifier import main

if __name__ == "__main__":
    raise SystemExit(main("resnet50_places365"))
