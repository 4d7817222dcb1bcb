"""CartoonGAN: a style's official .pth or .npz -> a checked, stamped .onnx; ``pixelpriv_fast/models/generator_export.py``
does it."""

from pixelpriv_fast.models.generator_export import main

if __name__ == "__main__":
    raise SystemExit(main())
