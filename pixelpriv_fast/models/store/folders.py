"""The folders where models are kept, and how one is locked against other processes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...errors import StorageError
from ...files import sweep

VARIABLE = "PIXELPRIV_MODELS"
_LOCK_SECONDS = 300.0  # building the largest network takes well under a minute


def search_path(explicit: Path | None, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders to look in, first to last: the explicit one, ``$PIXELPRIV_MODELS``, the user's own.

    Parameters
    ----------
    explicit : Path or None
        A folder that the caller names.
    environment : mapping of str to str
        The environment's variables.

    Returns
    -------
    tuple of Path
        The folders, each once.
    """
    named = environment.get(VARIABLE)
    folders = [explicit, Path(named) if named else None, user_folder()]
    return tuple(dict.fromkeys(folder.expanduser() for folder in folders if folder is not None))


def user_folder() -> Path:
    """Return the user's data folder for models, by the conventions of the system."""
    from platformdirs import user_data_path

    return user_data_path("pixelpriv_fast", appauthor=False) / "models"


def engine_cache() -> Path:
    """Return the user's own folder for compiled engines: code, so never beside a model that others may have put there."""
    from platformdirs import user_cache_path

    return user_cache_path("pixelpriv_fast", appauthor=False) / "engines"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock ``folder`` against other processes that build or import into it. Raises ``StorageError`` if that fails."""
    from filelock import FileLock, Timeout

    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(folder / ".lock", timeout=_LOCK_SECONDS))
            sweep(folder)  # what a killed import left; no other process writes here now
        except Timeout as error:
            raise StorageError(
                f"{folder}: another process has held its lock for {_LOCK_SECONDS:.0f} s; try again"
            ) from error
        except OSError as error:
            raise StorageError(
                f"{folder}: models cannot be kept there ({error.strerror}); name another folder by --models or ${VARIABLE}"
            ) from error
        yield
