"""What the killed process runs. Imported by its server: everything that is slow to import stands here."""

from __future__ import annotations

import sys
from pathlib import Path

import onnxruntime  # noqa: F401
import PIL.Image  # noqa: F401
import simplejpeg  # noqa: F401

import pixelpriv_fast.attacks.euclidean
import pixelpriv_fast.enhance.identity  # noqa: F401
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.protection.protector import Protector


def protect(source: str, out: str, classifier: str, batch: int) -> None:
    """Protects ``source`` into ``out`` and ends the process with the job's exit code."""
    protector = Protector("euclidean", classifier=classifier, device="onnxruntime", metrics=())
    with open_job(protector, Path(out), batch=batch) as job:
        for _ in job.run(plan([Path(source)], Path(out))):
            pass
    sys.exit(job.summary.exit_code)
