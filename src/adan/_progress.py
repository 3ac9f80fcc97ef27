"""Progress bars on standard error, sparse where nobody watches them live."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

quiet = False
"""Whether no bar is shown at all, as with ``--quiet``."""


def progress_bar(**options: Any) -> tqdm:
    """Return a tqdm bar; in a log file it writes a line every ten seconds at the most."""
    options["disable"] = quiet or options.get("disable", False)
    return tqdm(mininterval=0.1 if sys.stderr.isatty() else 10, dynamic_ncols=True, **options)
