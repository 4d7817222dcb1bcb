"""Ready ``.onnx`` files: what the stamp inside one says, how it is written, and what is checked before one may run."""
