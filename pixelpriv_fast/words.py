"""Closed sets of words that the command line offers and several rooms check; see ``errors.checked_word``.

They stand apart from the code that acts on them, so that the command line's ``--help`` loads no library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

#: Where networks run: "auto" takes a GPU if one works.
Device = Literal["auto", "cpu", "cuda"]

#: Number formats that networks are computed in.
Precision = Literal["fp32", "bf16", "fp16"]

#: What may be requested: "auto" takes the fastest that the device computes in hardware.
PrecisionRequest = Literal["auto", "fp32", "bf16", "fp16"]

#: Earlier spellings, still found in stamps of model files and in stored recipes.
OLD_PRECISIONS: Mapping[str, Precision] = {"f32": "fp32", "f16": "fp16"}

#: What metadata a written photo keeps; ``codecs/metadata.py`` says what each policy does.
MetadataPolicy = Literal["private", "keep", "none"]

#: Early stopping of an attack: run every step, or stop once every classifier is fooled.
EarlyStop = Literal["never", "fooled"]

#: Which cluster software spreads the photos over processes.
ClusterKind = Literal["ray"]

#: How NIMA resizes photos; ``metrics/nima.py`` says what each preset does.
NimaPreset = Literal["square224", "idealo", "titu1994", "mediaeval2019"]

#: A line of preprocessing, for help and errors; ``models.importing.preprocess_spec`` reads such lines.
PREPROCESS_EXAMPLE = "rgb,short=256,crop=224,bilinear,scale=imagenet"
