"""`weryai` and `python -m weryai`: the command line, or how to install it."""

from __future__ import annotations

import os
import sys

import weryai

_SERVER = "starlette uvicorn python-multipart jsonschema-rs"
#: What a command needs besides click, for who has no click yet: the extras, and their packages.
_NEEDED = {
    "demo": ("cli,emulator", f"{_SERVER} av"),
    "emulate": ("cli,emulator", f"{_SERVER} av"),
    "contract": ("cli,contract", f"schemathesis jinja2 {_SERVER}"),
    "bulk": ("cli,bulk", "rich pillow"),
}


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
        needed = _NEEDED.get(next(iter(sys.argv[1:]), ""), ("cli", ""))
        packages, extras = f"click {needed[1]}".rstrip(), needed[0]
        print(f"weryai: the command line lacks packages: pip install {packages} (weryai[{extras}])", file=sys.stderr)
        sys.exit(2)
    from .cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
