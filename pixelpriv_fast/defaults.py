"""What is used where nothing is named: each default stands here once, for the library, the commands and the benches."""

from __future__ import annotations

from typing import Final

#: An enhancement and an attack.
RECIPE: Final[str] = "robust"

#: What ``RECIPE`` was in other releases. Archives that were made with one of them are not made again unasked.
FORMER_RECIPES: Final = ("contrast+least_likely",)

#: The embedded classifier.
CLASSIFIER: Final = "efficientnet_lite0"

#: What is asked whether results survive it.
PANEL: Final = "sharing"

#: Photos that are attacked together.
BATCH: Final = 16
