"""A result as a piece of HTML for notebooks: before and after under a slider, and what the classifier says of each."""

from __future__ import annotations

import base64
import html
import uuid

from ..codecs import EncodeOptions, encode
from ..types import Photo, Pixels, Prediction

#: Pictures are shown at most this large; every n-th pixel is taken, so that what is shown is what is there.
_SIDE = 640


def result_html(original: Pixels, image: Pixels, before: Prediction, after: Prediction, heading: str) -> str:
    """Render a result as self-contained HTML, without a script or picture from elsewhere.

    Parameters
    ----------
    original, image : uint8 arrays of shape (height, width, 3)
        The photo before and after, of one size.
    before, after : Prediction
        What the classifier says of each.
    heading : str
        Plain text; it is escaped.

    Returns
    -------
    str
        HTML.
    """
    name = f"pixelpriv-{uuid.uuid4().hex}"  # several results may stand on one page
    rows = "".join(_row(*pair) for pair in zip(before.top5, after.top5, strict=True))
    return f"""<div id="{name}" style="max-width:{_SIDE}px;font-family:sans-serif">
<p><b>{html.escape(heading)}</b></p>
<div style="position:relative;line-height:0">
<img src="{_picture(original)}" style="width:100%" alt="before">
<img src="{_picture(image)}" style="width:100%;position:absolute;left:0;top:0;clip-path:inset(0 0 0 50%)" alt="after">
</div>
<input type="range" min="0" max="100" value="50" style="width:100%" aria-label="before and after"
 oninput="document.querySelectorAll('#{name} img')[1].style.clipPath='inset(0 0 0 '+this.value+'%)'">
<table style="width:100%"><tr><th>before</th><th></th><th>after</th><th></th></tr>{rows}</table></div>"""


def _row(before: tuple[str, float], after: tuple[str, float]) -> str:
    cells = "".join(
        f"<td>{html.escape(label)}</td><td>{probability:.3f}</td>" for label, probability in (before, after)
    )
    return f"<tr>{cells}</tr>"


def _picture(pixels: Pixels) -> str:
    step = -(-max(pixels.shape[:2]) // _SIDE)
    small = pixels[::step, ::step].copy()
    data = encode(small, like=Photo(small, format="png", lossless=True), options=EncodeOptions(metadata="none"))
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"
