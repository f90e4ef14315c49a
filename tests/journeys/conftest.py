"""What the journeys of the command line stand in: an emulator, a folder with an image, and a journal to come."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.pictures import png
from weryai.emulator import Emulator


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    """An emulator at which every task ends at once."""
    with Emulator(video="fixed", waiting=0.0, processing=0.0) as running:
        yield running


@pytest.fixture
def journal(serving: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a picture, with the emulator and a journal to come in the environment."""
    (tmp_path / "photo.png").write_bytes(png())
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "data" / "journal.db"
    for name, value in (("API_KEY", serving.key), ("BASE_URL", serving.url), ("JOURNAL", str(place))):
        monkeypatch.setenv(f"WERYAI_{name}", value)
    return place
