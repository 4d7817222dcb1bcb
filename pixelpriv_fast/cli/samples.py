"""Sample photos for a first try: ``python -m pixelpriv_fast.cli.samples FOLDER``.

The project ships no photo. These come, unchanged, out of two installed packages of the ``[full]`` extra:
scikit-learn (two CC BY photos) and scikit-image (its own sample images).
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from ..errors import PixelPrivError, UsageError

_SAMPLES = {
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    "skimage": ("data/coffee.png", "data/chelsea.png", "data/motorcycle_left.png", "data/rocket.jpg"),
}


def write_samples(folder: Path) -> list[Path]:
    """Copies the sample photos into ``folder`` and returns their paths. Raises ``UsageError`` without the packages."""
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


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) != 1 or words[0].startswith("-"):
        print("usage: python -m pixelpriv_fast.cli.samples FOLDER", file=sys.stderr)
        return 2
    try:
        written = write_samples(Path(words[0]))
    except PixelPrivError as error:
        print(f"pixelpriv samples: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{len(written)} sample photos in {words[0]}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
