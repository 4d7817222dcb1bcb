"""``pixelpriv samples``: photos for a first try.

The project ships no photo. These come, unchanged, out of two installed packages of the ``[full]`` extra:
scikit-learn (two CC BY photos) and scikit-image (its own sample images).
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .output import guarded, say

_SAMPLES = {
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    "skimage": ("data/coffee.png", "data/chelsea.png", "data/motorcycle_left.png", "data/rocket.jpg"),
}


@guarded
def samples(
    folder: Annotated[Path, typer.Argument(help="The folder to write to; made if missing.", metavar="FOLDER")],
) -> None:
    """Copy six sample photos into a folder, for a first try."""
    written = write_samples(folder)
    say(f"{len(written)} sample photos in {folder}")


def write_samples(folder: Path) -> list[Path]:
    """Copy the sample photos into ``folder`` and return their paths.

    Raises
    ------
    UsageError
        If one of the packages is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for package, names in _SAMPLES.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise UsageError(f'sample photos need {package}: pip install "pixelpriv-fast[full]"')
        for name in names:
            target = folder / Path(name).name
            shutil.copyfile(Path(spec.origin).parent / name, target)
            written.append(target)
    return written
