"""Gradients from a classifier's ``.onnx`` and its backward graph, without PyTorch."""
