"""The package: cheap to import, honest about its extra, apart from the client."""

import subprocess
import sys

import pytest

import weryai.emulator

FOREIGN = """
import sys
import weryai
before = set(sys.modules)
from weryai.emulator import Emulator, ManualClock
with Emulator(clock=ManualClock(), video="fixed"):
    pass
ours = [name for name in set(sys.modules) - before if name.split(".")[0] in ("weryai", "weryai_api")]
print([name for name in ours if not name.startswith("weryai.emulator")])
"""
CHEAP = """
import sys
import weryai.emulator
print([name for name in ("starlette", "uvicorn", "jsonschema_rs", "av", "asyncio") if name in sys.modules])
"""
WITHOUT_RENDERER = """
import sys
from weryai.emulator import create_app
create_app()
print([name for name in ("av", "numpy") if name in sys.modules])
"""


@pytest.mark.parametrize("program", [FOREIGN, CHEAP, WITHOUT_RENDERER], ids=["foreign", "cheap", "without renderer"])
def test_what_is_imported(program: str) -> None:
    """The emulator runs no module of the client or of weryai_api; its import loads no package of the extra.

    PyAV is left to the worker.
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "python_multipart", "jsonschema_rs"])
def test_a_missing_extra_says_how_to_install_it(package: str) -> None:
    """Without a package of the extra the first use names it and the line that installs it."""
    program = f"""
import importlib.util
import weryai.emulator
found = importlib.util.find_spec
weryai.emulator.find_spec = lambda name: None if name == {package!r} else found(name)
try:
    weryai.emulator.Emulator
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"the emulator needs {package}: pip install {package}\n"


def test_only_rendering_needs_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyAV an emulator that is to render says so before anything is ordered; one with a fixed video works."""
    monkeypatch.setattr("weryai.emulator._state.media.find_spec", lambda _name: None)
    with pytest.raises(ImportError, match=r'needs av: pip install av, or choose video="fixed"'):
        weryai.emulator.Emulator()
    with weryai.emulator.Emulator(video="fixed") as emulator:
        assert emulator.url


def test_public_names() -> None:
    """Every public name exists and has a docstring; any other is an AttributeError."""
    for name in weryai.emulator.__all__:
        assert getattr(weryai.emulator, name).__doc__, name
        assert name in dir(weryai.emulator)
    with pytest.raises(AttributeError, match="no attribute 'Emulators'"):
        _ = weryai.emulator.Emulators
