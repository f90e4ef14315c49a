"""ARCHITECTURE.md answers where a change goes, with places that exist."""

import importlib
import re

from repository.places import OPENAPI, OVERLAY, ROOT

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_where_a_change_goes() -> None:
    """The table stands under its question, and each file, folder, name and contract word in it exists."""
    table = ARCHITECTURE.partition("\n## Where does my change go?\n")[2].partition("\n## ")[0]
    named = [name for row in table.splitlines()[3:] for name in re.findall(r"`([^`]+)`", row.rpartition(" | ")[2])]
    assert {"openapi/weryai.yaml", "overlays/weryai/cli/", "overlays/weryai/emulator/"} <= set(named)
    assert [name for name in named if not exists(name)] == []
    assert not exists("_nowhere.py") and not exists("_task.NOWHERE") and not exists("x-nowhere")


def exists(name: str) -> bool:
    """Whether a name of the table leads somewhere; commands and decorators are the README's tests' and mypy's."""
    if name.startswith("x-"):
        return f"{name}:" in (OPENAPI / "weryai.yaml").read_text(encoding="utf-8")
    if "/" in name or name.endswith(".toml"):
        return (ROOT / name).exists()
    if name.endswith(".py"):
        return (OVERLAY / name).is_file()
    if found := re.fullmatch(r"(_[a-z_]+)\.(\w+)", name):
        return hasattr(importlib.import_module(f"weryai.{found[1]}"), found[2])
    return name.startswith(("make ", "@"))
