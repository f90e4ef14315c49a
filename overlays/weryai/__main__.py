"""`weryai` and `python -m weryai`: the command line, or how to install it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        import click  # noqa: F401
    except ImportError:
        sys.exit('The command line needs one more package: pip install "weryai[cli]"')
    from .cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
