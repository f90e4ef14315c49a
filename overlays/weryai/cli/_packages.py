"""Which packages the extras bring, and what to say where some are missing: all of them at once."""

from __future__ import annotations

from importlib.util import find_spec

_SERVER = {
    "starlette": "starlette", "uvicorn": "uvicorn", "python_multipart": "python-multipart",
    "jsonschema_rs": "jsonschema-rs",
}  # fmt: skip
_BULK = {"click": "click", "rich": "rich", "PIL": "pillow"}
#: The packages of each extra, by the module that each has.
EXTRAS = {
    "cli": {"click": "click"},
    "emulator": {**_SERVER, "av": "av"},
    "testing": {"pytest": "pytest", **_SERVER},
    "contract": {"click": "click", "schemathesis": "schemathesis", "jinja2": "jinja2", **_SERVER},
    "bulk": _BULK,
    "parquet": {"pyarrow": "pyarrow"},
    "excel": {"openpyxl": "openpyxl"},
    "images": {"PIL": "pillow", "pillow_heif": "pillow-heif"},
    "bulk-postgres": {**_BULK, "procrastinate": "procrastinate", "psycopg": '"psycopg[binary]"'},
}


def missing(extra: str, *, without: str | None = None) -> list[str]:
    """The packages of an extra that are not installed, as one gives them to pip."""
    return [package for module, package in EXTRAS[extra].items() if module != without and find_spec(module) is None]


def require(command: str, extra: str, *, without: str | None = None) -> None:
    """Raise ImportError with every package that a command lacks."""
    if lacking := missing(extra, without=without):
        names = " ".join(lacking)
        raise ImportError(f"`weryai {command}` lacks packages: pip install {names} (the extra {extra} brings them)")
