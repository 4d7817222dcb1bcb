"""The store: where ready ``.onnx`` files are kept, and how they get there."""
