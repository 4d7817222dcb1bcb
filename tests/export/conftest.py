"""The scripts of ``export/`` import one another as ``python export/NAME.py`` lets them: from their own folder."""

from __future__ import annotations

import sys

from tests.conftest import ROOT

sys.path.append(str(ROOT / "export"))
