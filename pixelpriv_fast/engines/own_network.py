"""Takes a user's own ``.onnx`` as a classifier: brought to the one form, compared with the original, stamped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DeviceError, ModelError, UsageError
from ..graph import build_attack_graph, parse
from ..graph.adoption import INPUT, OUTPUT, adopted
from ..graph.own_model import InputForm, input_form, is_coarse, parse_own
from ..logits import softmax
from ..models import Preprocess, Provenance, Stamp, Store, add_stamp
from ..models.file_kinds import refuse_what_holds_no_weights
from ..models.importing.label_file import read_class_names
from ..models.importing.preprocess_spec import preprocess_of
from ..runtime import Array, Session, create_session
from ..types import Floats
from .ranking.synthetic_photos import synthetic_photo

#: Largest difference to the original's outputs, relative to the largest: sums in another order, and for 16-bit weights and
#: 8-bit layers a step of theirs that rounding moved.
_TOLERANCE, _COARSE_TOLERANCE = 1e-4, 2e-2
_PHOTOS = 3
_SUM_OF_PROBABILITIES = 1e-3


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """A user's network, ready for the store.

    Attributes
    ----------
    data : bytes
        The stamped ``.onnx``.
    remark : str
        Why gradient attacks cannot work on it; "" if they can.
    """

    data: bytes = field(repr=False)
    remark: str


def import_own_network(
    store: Store, name: str, file: Path, preprocess: str, labels: Path, output: str | None = None
) -> tuple[Path, str]:
    """Take a user's network into the store.

    Parameters
    ----------
    store : Store
        Where it is kept.
    name : str
        What it is called from now on.
    file : Path
        The ``.onnx``, without a stamp.
    preprocess : str
        Its preprocessing, see ``models.importing.preprocess_spec``.
    labels : Path
        The names of its classes.
    output : str, optional
        The output with the class scores, where several could be.

    Returns
    -------
    tuple of (Path, str)
        The new file, and ``OwnNetwork.remark``.

    Raises
    ------
    UsageError
        For a name that cannot be taken, or preprocessing or labels that do not fit.
    ModelError
        If the file is not a classifier that can be taken; the message says why.
    """
    store.check_own_name(name)
    reading, names = preprocess_of(preprocess), read_class_names(labels)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error
    refuse_what_holds_no_weights(file, data)
    try:
        made = make(name, file.name, data, reading, names, output)
    except (ModelError, UsageError) as error:
        raise type(error)(f"{file}: {error}") from error
    return store.put(name, made.data), made.remark


def make(
    name: str, file: str, data: bytes, preprocess: Preprocess, labels: tuple[str, ...], output: str | None = None
) -> OwnNetwork:
    """Bring a user's network to the one form and stamp it.

    Parameters
    ----------
    name, file : str
        The network's name, and the name of its file.
    data : bytes
        The ``.onnx``.
    preprocess : Preprocess
        Its preprocessing.
    labels : tuple of str
        The names of its classes.
    output : str, optional
        The output with the class scores.

    Returns
    -------
    OwnNetwork
        The stamped network.

    Raises
    ------
    ModelError, UsageError
        If it cannot be taken.
    """
    original = parse_own(data)
    form = input_form(original)
    _check_size(form, preprocess)
    inputs = _samples(preprocess)
    answers = _answers(data, form, inputs)
    chosen = _chosen(answers, len(labels), output)
    expected = answers[chosen].reshape(_PHOTOS, -1).astype(np.float64)
    probabilities = _are_probabilities(expected)
    written = adopted(original, chosen, probabilities=probabilities).SerializeToString()
    coarse = is_coarse(original)
    _compare(written, inputs, expected, probabilities, _COARSE_TOLERANCE if coarse else _TOLERANCE)
    stamp = Stamp(
        name=name,
        kind="classifier",
        title=name,
        dataset="not stated",
        licence="not stated: user-supplied only",
        origin=f"supplied by the user: {file}",
        input=INPUT,
        output=OUTPUT,
        preprocess=preprocess,
        labels=labels,
        source=Provenance(file, hashlib.sha256(data).hexdigest(), verified=False),
    )
    return OwnNetwork(add_stamp(written, stamp), _why_no_gradient(written, preprocess))


def _check_size(form: InputForm, preprocess: Preprocess) -> None:
    for wanted, given in zip(form.size, preprocess.size, strict=True):
        if wanted is not None and wanted != given:
            told = "x".join("?" if side is None else str(side) for side in form.size)
            raise UsageError(
                f"the network takes photos of {told}, the preprocessing makes {preprocess.size[0]}x{preprocess.size[1]}; "
                f"give crop={told.replace('?', str(given))}"
            )


def _samples(preprocess: Preprocess) -> Floats:
    height, width = preprocess.resize_to or preprocess.size
    return np.stack([preprocess.rounded(synthetic_photo(seed, height, width)) for seed in range(_PHOTOS)])


def _answers(data: bytes, form: InputForm, inputs: Floats) -> dict[str, Array]:
    """Run the network as it is, on photos in its own layout and element type."""
    try:
        session = create_session(data, "onnxruntime")
    except DeviceError as error:
        raise ModelError(f"ONNX Runtime cannot run the network: {error}") from error
    photos = np.rint(inputs) if form.whole_numbers else inputs
    if form.channels_last:
        photos = np.ascontiguousarray(photos.transpose(0, 2, 3, 1))
    try:
        rows = [_run(session, form, photo.astype(form.dtype)) for photo in photos]
    except DeviceError as error:
        raise ModelError(f"ONNX Runtime cannot run the network: {error}") from error
    finally:
        session.close()
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _run(session: Session, form: InputForm, photo: Array) -> dict[str, Array]:
    """Return each output for one photo; a batch that is fixed is filled with it."""
    batch = form.batch or 1
    values = session.run({form.name: np.repeat(photo[None], batch, axis=0)})
    found = zip(session.outputs, values, strict=True)
    return {spec.name: value[0] for spec, value in found if value.ndim and len(value) == batch}


def _chosen(answers: Mapping[str, Array], classes: int, wanted: str | None) -> str:
    """Return the output with a score for each class."""
    shapes = {name: tuple(size for size in array.shape[1:] if size != 1) for name, array in answers.items()}
    told = ", ".join(f"{name} {list(array.shape[1:])}" for name, array in answers.items()) or "none"
    if wanted is not None and wanted not in answers:
        raise UsageError(f"the network has no output {wanted!r} with a row for each photo; its outputs: {told}")
    fitting = [name for name, shape in shapes.items() if shape == (classes,)]
    if wanted is not None:
        if wanted not in fitting:
            raise UsageError(
                f"output {wanted!r} gives {list(shapes[wanted])} values a photo, the labels {classes} names"
            )
        return wanted
    if len(fitting) != 1:
        which = "none gives" if not fitting else f"{len(fitting)} give"
        raise UsageError(
            f"of the network's outputs ({told}) {which} {classes} values, one for each label; "
            + ("check the labels file" if not fitting else "name one by --output")
        )
    return fitting[0]


def _are_probabilities(scores: Array) -> bool:
    return bool(scores.min() >= 0 and np.abs(scores.sum(axis=1) - 1).max() <= _SUM_OF_PROBABILITIES)


def _compare(data: bytes, inputs: Floats, expected: Array, probabilities: bool, tolerance: float) -> None:
    """Refuse a form that answers otherwise than the network itself, as one exported for another batch would."""
    why = "the network cannot take several photos at once; export it with a dynamic batch"
    try:
        session = create_session(data, "onnxruntime")
        found: Array = session.run({INPUT: inputs})[0]
        session.close()
    except DeviceError as error:
        raise ModelError(f"{why} ({error})") from error
    if probabilities:
        found = softmax(found)
    same = found.shape == expected.shape
    worst = float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12)) if same else np.inf
    if not worst <= tolerance:
        raise ModelError(f"{why} (its answers differ by {worst:.1e} of the largest)")


def _why_no_gradient(data: bytes, preprocess: Preprocess) -> str:
    try:
        build_attack_graph(parse(data), (1, 3, *preprocess.size))
    except ModelError as error:
        return str(error)
    return ""
