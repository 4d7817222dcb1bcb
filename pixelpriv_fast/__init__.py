"""Protects photos from scene classifiers."""
