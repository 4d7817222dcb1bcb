"""What is tried when a file is not protected: the ladder of retries."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..codecs import EncodeOptions, is_lossy
from .steps import Work

#: The qualities that a lossy file is tried at once more when it undid the attack at its own.
_RETRY_QUALITIES = (98, 100)

#: The slots of a retry's network passes. Few of a batch need one, and a pass costs the same with empty slots as with
#: full ones.
RETRY_SLOTS = 1


@dataclass(frozen=True, slots=True)
class Retry:
    """Another way to get a file that stays protected: after a stronger attack or not, and the file's options."""

    stronger: bool
    options: EncodeOptions

    def helps(self, work: Work) -> bool:
        """Whether this changes anything for the photo: a lossless file gains nothing from a higher quality."""
        return self.stronger or is_lossy(self.options, work.photo)


def ladder(options: EncodeOptions) -> tuple[Retry, ...]:
    """What is tried, in order, when a file is not protected: a margin (a stronger attack inside the same epsilon),
    then a higher quality. Choice: a quality that the user asked for is never raised."""
    margin = Retry(True, options)
    if options.quality is not None:
        return (margin,)
    return (margin, *(Retry(False, replace(options, quality=quality)) for quality in _RETRY_QUALITIES))
