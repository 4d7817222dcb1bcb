"""Gradients from PyTorch."""
