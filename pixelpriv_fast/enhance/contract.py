"""What every enhancement promises."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..types import Pixels


@runtime_checkable
class Enhancement(Protocol):
    """A frozen dataclass that is called with a photo and returns a nicer one, without side effects.

    The rows of ``registry.ENHANCEMENTS`` also carry ``examples`` for the contract test, see ``registry.Examples``.
    """

    __slots__ = ()

    def __call__(self, image: Pixels, /) -> Pixels:
        """Enhance one photo.

        Parameters
        ----------
        image : uint8 array of shape (height, width, 3), RGB
            The photo; it is not written to.

        Returns
        -------
        uint8 array of the same shape
            The enhanced photo.

        Raises
        ------
        UsageError
            If ``image`` is not such an array.
        PhotoError
            If this enhancement cannot work on this photo.
        """


@runtime_checkable
class NetworkEnhancement(Protocol):
    """An enhancement that needs a network from the model store."""

    @property
    def network(self) -> str:
        """The network's name in the store."""
