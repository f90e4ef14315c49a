"""The script that makes the pictures of the documents, as a module."""

import importlib.util
from types import ModuleType

from repository.places import ROOT

PICTURES = ROOT / "docs" / "pictures"


def picture_script() -> ModuleType:
    """Load docs/pictures/make.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("picture_script", PICTURES / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
