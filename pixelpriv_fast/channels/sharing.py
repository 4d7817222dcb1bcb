"""The panel ``sharing``: what services and people do to a photo between the saved file and its reader.

Long sides are those that services are known to show (feeds 1080, messengers 1600, previews 800); a photo that is smaller is
reduced by the factor beside it. All treatments round to 8 bits.
"""

from __future__ import annotations

from typing import Final

from .chain import Chain
from .crop import Crop
from .gamma import Gamma
from .panel import Panel, Treatment
from .recompress import Recompress
from .resize import Resize

SHARING: Final = Panel(
    "sharing",
    (
        Treatment("file", "file", None),
        Treatment("jpeg 90", "jpeg", Recompress("jpeg", 90)),
        Treatment("jpeg 75", "jpeg", Recompress("jpeg", 75)),
        Treatment("jpeg 60", "jpeg", Recompress("jpeg", 60)),
        Treatment("jpeg 40", "jpeg", Recompress("jpeg", 40)),
        Treatment("webp 80", "webp", Recompress("webp", 80)),
        Treatment("resize 0.5", "resize", Resize(0.5, filter="bicubic")),
        Treatment("resize 0.75", "resize", Resize(0.75, filter="lanczos")),
        Treatment("resize 1.5", "resize", Resize(1.5, filter="bilinear")),
        Treatment(
            "screenshot",
            "chain",
            Chain((Resize(0.8, filter="lanczos"), Gamma(1.06), Crop(0.03), Recompress("jpeg", 80))),
        ),
        Treatment(
            "feed",
            "chain",
            Chain((Resize(0.7, long_side=1080, filter="bicubic"), Recompress("jpeg", 72))),
        ),
        Treatment(
            "message",
            "chain",
            Chain(
                (
                    Resize(0.8, long_side=1600, filter="bicubic"),
                    Recompress("jpeg", 75),
                    Resize(0.6, long_side=800, filter="bicubic"),
                    Recompress("jpeg", 70),
                )
            ),
        ),
    ),
)

#: The saved file alone.
FILE: Final = Panel("file", (Treatment("file", "file", None),))
