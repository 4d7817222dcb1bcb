"""The model that providers are tried with: a 1x1 convolution by 2 (so that cuDNN must load), no library needed.

``x`` float32 (1, 1, 2, 2) -> ``y`` of the same shape. Written out as ONNX bytes (IR 8, opset 13) so that a probe needs
neither onnx nor a file.
"""

from __future__ import annotations

from typing import Final

import numpy as np

_SHAPE = b"\x12\x16\n\x14\x08\x01\x12\x10\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x02\n\x02\x08\x02"

PROBE_MODEL: Final[bytes] = (
    b"\x08\x08\x12\x00:e"
    b'\n\x0f\n\x01x\n\x01w\x12\x01y"\x04Conv'  # node: y = Conv(x, w)
    b"\x12\x03one"  # the graph's name
    b"*\x13\x08\x01\x08\x01\x08\x01\x08\x01\x10\x01B\x01wJ\x04\x00\x00\x00@"  # w = [[[[2.0]]]]
    b"Z\x1b\n\x01x" + _SHAPE + b"b\x1b\n\x01y" + _SHAPE + b"B\x04\n\x00\x10\r"
)
PROBE_INPUT: Final = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
PROBE_OUTPUT: Final = PROBE_INPUT * np.float32(2)
