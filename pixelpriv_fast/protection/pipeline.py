"""The pipeline of one photo: a tuple of steps, each with the place where it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Semaphore

from ..attacks.cascade import retries_of
from ..codecs import EncodeOptions, is_lossy
from ..runtime.device import threads
from .flow import Stages
from .options import PhotoOptions
from .step_kinds import Alone, Step, Together, W, Where
from .steps import (
    GetNetworks,
    attack,
    classify_originals,
    decode_source,
    encode_file,
    enhance,
    measure,
    open_source,
    read_source,
    survive,
    take_pixels,
    verify,
)
from .work import Work

#: The qualities that a lossy file is tried at if it undid the attack at its own.
_RETRY_QUALITIES = (98, 100)

#: Photos in a retry's network call. Few photos of a batch need a retry, and an unfilled call costs as much as a full one.
RETRY_BATCH = 1


def photo_steps(
    options: PhotoOptions, networks: GetNetworks, batch: int, *, encode: bool = True
) -> tuple[Step[Work], ...]:
    """List what happens to a photo, in order.

    Parameters
    ----------
    options : PhotoOptions
        What the steps need to know.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more.
    encode : bool
        Whether the photo is encoded and judged as a file; False judges the attacked pixels.

    Returns
    -------
    tuple of Step
        The pipeline.
    """
    recipe, limits = options.recipe, options.limits
    return (
        Alone("ahead", partial(read_source, limits=limits)),
        Alone("ahead", partial(open_source, limits=limits)),
        Alone("before", partial(decode_source, seed=options.seed)),
        Alone("before", partial(enhance, enhancement=recipe.enhancement)),
        Together("together", partial(classify_originals, networks=networks, batch=batch)),
        Together(
            "together",
            partial(
                attack,
                attack=recipe.cascade,
                networks=networks,
                batch=batch,
                encoding=options.encoding if encode else None,
            ),
        ),
        *(saving_steps(options, networks, batch) if encode else pixel_steps(networks, batch)),
        *sharing_steps(options, networks, batch),
        Alone("after", partial(measure, metrics=options.metrics, keys=options.metric_keys)),
    )


def pixel_steps(networks: GetNetworks, batch: int) -> tuple[Step[Work], ...]:
    """List how the attacked pixels are judged where nothing is encoded.

    Parameters
    ----------
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more.

    Returns
    -------
    tuple of Step
        The steps after the attack.
    """
    return Alone("after", take_pixels), _verify(networks, batch)


def saving_steps(options: PhotoOptions, networks: GetNetworks, batch: int) -> tuple[Step[Work], ...]:
    """List how a photo is encoded and verified, with its retries.

    Retried are each attack in a stronger form inside the same epsilon, then higher qualities.
    Choice: a quality that the user asked for is never raised.

    Parameters
    ----------
    options : PhotoOptions
        What the steps need to know.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more.

    Returns
    -------
    tuple of Step
        The steps after the attack.
    """
    asked = options.encoding
    first = (_encode(options, asked), _verify(networks, batch))
    harder = retries_of(options.recipe.attacks)
    if not harder or not options.retry:
        return first
    verified = _verify(networks, RETRY_BATCH)
    again = (Together("after", partial(attack, attack=tried, networks=networks, batch=RETRY_BATCH)) for tried in harder)
    margins = tuple(Retry(True, asked, (attacked, _encode(options, asked), verified)) for attacked in again)
    if asked.quality is not None:
        return (*first, *margins)
    higher = (replace(asked, quality=quality) for quality in _RETRY_QUALITIES)
    return (*first, *margins, *(Retry(False, tried, (_encode(options, tried), verified)) for tried in higher))


def sharing_steps(options: PhotoOptions, networks: GetNetworks, batch: int) -> tuple[Step[Work], ...]:
    """List how it is found out what a result survives.

    Parameters
    ----------
    options : PhotoOptions
        What the steps need to know.
    networks : callable
        Gives the networks.
    batch : int
        Number of photos in a network call, 1 or more.

    Returns
    -------
    tuple of Step
        The steps after the verdict; () where it is not asked.
    """
    if options.panel is None:
        return ()
    asked = partial(
        survive,
        networks=networks,
        batch=batch,
        panel=options.panel,
        required=options.require_survival,
        slots=Semaphore(threads()),
    )
    return (Together("after", asked),)


def stages_of(
    steps: Sequence[Step[W]],
    load: Callable[[], object],
    sign: Callable[[Sequence[W]], None],
    cancel: Callable[[], None],
) -> Stages[W]:
    """Arrange steps in the stages of a flow.

    Parameters
    ----------
    steps : sequence of Step
        The pipeline.
    load : callable
        Called before the steps at the networks; what it raises ends the flow.
    sign : callable
        Takes the photos that are finished.
    cancel : callable
        Called once the caller no longer wants results.

    Returns
    -------
    Stages
        The stages.
    """

    def alone(where: Where, work: W) -> None:
        run_at(steps, where, [work])

    def together(works: list[W]) -> None:
        load()
        run_at(steps, "together", works)

    def after(works: list[W]) -> None:
        run_at(steps, "after", works)
        sign(works)

    last = partial(run_at, steps, "last") if any(step.where == "last" for step in steps) else None
    return Stages(partial(alone, "ahead"), partial(alone, "before"), together, after, last, cancel)


def run_at(steps: Sequence[Step[W]], where: Where, works: Sequence[W]) -> None:
    """Run the steps of one place, in order.

    Parameters
    ----------
    steps : sequence of Step
        The pipeline.
    where : Where
        The place.
    works : sequence of Work
        The photos of one batch.
    """
    for step in steps:
        if step.where == where:
            step.run(works)


def _encode(options: PhotoOptions, encoding: EncodeOptions) -> Alone[Work]:
    return Alone("after", partial(encode_file, options=encoding, limits=options.limits))


def _verify(networks: GetNetworks, batch: int) -> Together[Work]:
    return Together("after", partial(verify, networks=networks, batch=batch))


@dataclass(frozen=True, slots=True)
class Retry:
    """A step that gives photos whose file is not protected another try.

    Attributes
    ----------
    stronger : bool
        Whether the photo is attacked again, by a stronger attack.
    options : EncodeOptions
        How the file is encoded.
    steps : tuple of Step
        What is done.
    where : Where
        The place where it runs.
    name : str
        What it is called.
    """

    stronger: bool
    options: EncodeOptions
    steps: tuple[Step[Work], ...]
    where: Where = "after"
    name: str = "retry"

    def run(self, works: Sequence[Work], /) -> None:
        """Run on the photos that are not protected and that this can help: a higher quality does not help lossless files."""
        pending = [work for work in works if work.alive and not work.verdict.protected]
        pending = [work for work in pending if self.stronger or is_lossy(self.options, work.photo)]
        for step in self.steps:
            step.run(pending)
