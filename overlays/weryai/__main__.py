"""`weryai` and `python -m weryai`: the command line, or how to install it."""

from __future__ import annotations

import os
import sys

import weryai


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Told before anything is loaded, so that it costs no more than Python itself.
        try:
            print(f"weryai, version {weryai.__version__}", flush=True)
        except OSError:
            # Python would try once more when it ends, and complain.
            os._exit(1)
        return
    try:
        import click  # noqa: F401
    except ImportError:
        sys.exit("The command line needs one more package: pip install click")
    from .cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
