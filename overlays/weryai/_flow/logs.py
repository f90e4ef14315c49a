"""The log of the package, and warnings at the line of the caller."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

from ..errors import WeryAIWarning

log = logging.getLogger("weryai")
_PACKAGE = str(Path(__file__).parent.parent)


def warn(message: str) -> None:
    """Warn of what is odd about work that may be paid for: a filter that makes warnings errors never costs it."""
    try:
        warn_before_paying(message)
    except Exception:
        log.warning("%s", message)


def warn_before_paying(message: str) -> None:
    """Warn with the line of the caller outside this package, through flows, runners and awaits alike.

    Raises the warning where a filter says so; for work that can still be stopped without a loss.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, WeryAIWarning, stacklevel=level)
