"""From a checkpoint to a stamped ``.onnx``: read with everything checked, built by torch, compared, stamped."""
