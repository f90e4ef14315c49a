"""What is looked at in the site that `make docs` makes; the making itself is a step of CI, beside the other tools."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from repository.places import ROOT

GOOD = '<link rel="stylesheet" href="a.css"><h1 id="top">x</h1><a href="#top">up</a>'


@pytest.fixture(scope="module")
def check() -> ModuleType:
    """The script, which needs nothing but Python."""
    spec = importlib.util.spec_from_file_location("site_check", ROOT / "docs" / "site" / "check.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def site(folder: Path, check: ModuleType, page: str = GOOD, words: tuple[str, ...] | None = None) -> Path:
    """Make a site of one page whose search knows these words."""
    (folder / "a.css").write_text("")
    (folder / "index.html").write_text(page)
    known = check.WORDS if words is None else words
    (folder / "searchindex.js").write_text("{" + ",".join(f'"{word}":1' for word in known) + "}")
    return folder


def test_a_sound_site_passes(check: ModuleType, tmp_path: Path) -> None:
    """Links that lead somewhere, styles of its own and a search that knows the words are no problem."""
    assert check.problems(site(tmp_path, check)) == []


@pytest.mark.parametrize(
    ("page", "words", "told"),
    [
        ('<a href="gone.html">x</a>', None, "index.html links to gone.html, which is not there"),
        ('<a href="#nowhere">x</a>', None, "index.html links to #nowhere, which is not there"),
        ('<script src="https://cdn.example/x.js"></script>', None, "index.html loads https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', None, "index.html loads //fonts.example/x.css"),
        ("<p>again: [{&#8216;doc&#8217;: 1}].</p>", None, "index.html shows Python: [{\u2018doc\u2019: 1}]."),
        (GOOD, ("refund", "ambiguous", "webhook"), "the search does not know '6010'"),
    ],
)
def test_a_fault_is_named(
    check: ModuleType, tmp_path: Path, page: str, words: tuple[str, ...] | None, told: str
) -> None:
    """A dead link, a dead anchor, a load from another host and a word that search lacks are each named."""
    assert check.problems(site(tmp_path, check, page, words)) == [told]
