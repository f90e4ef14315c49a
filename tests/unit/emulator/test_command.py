"""The command `weryai emulate`: what its options mean."""

from typing import Any

import pytest
from click.testing import CliRunner

from weryai.cli._emulate import emulate
from weryai.emulator._operations import images_in


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ([], "balance", 1000),
        (["--balance", "0"], "balance", 0),
        (["--balance", "unlimited"], "balance", None),
        (["--concurrency", "0"], "concurrency", 0),
        (["--dialect", "seen"], "dialect", "seen"),
        ([], "dialect", "page"),
        (["--host", "0.0.0.0", "--allow-host", "emulator"], "hosts", ("emulator",)),
    ],
    ids=str,
)
def test_an_option_arrives_as_it_is_meant(
    monkeypatch: pytest.MonkeyPatch, words: list[str], name: str, value: object
) -> None:
    """Each option is handed to the emulator under the name that it has in Python."""
    given: dict[str, Any] = {}
    monkeypatch.setattr("weryai.emulator.serve", lambda **options: given.update(options))
    assert CliRunner().invoke(emulate, words).exit_code == 0
    assert given[name] == value


@pytest.mark.parametrize("text", ["-1", "many", "1e3", "", "\N{ARABIC-INDIC DIGIT ONE}", "1" * 16])
def test_a_balance_that_is_none_is_refused(text: str) -> None:
    """What is no number of credits is named."""
    done = CliRunner().invoke(emulate, [f"--balance={text}"])
    assert done.exit_code == 2
    assert "neither a whole number from 0 on nor unlimited" in " ".join(done.output.split())


def test_the_images_of_every_operation_are_known() -> None:
    """One image, two frames or several: each is looked at, the one that is rendered first."""
    assert images_in({"image": "a"}) == ["a"]
    assert images_in({"end_pic_url": "z", "first_pic_url": "a"}) == ["a", "z"]
    assert images_in({"images": ["a", "b", 3]}) == ["a", "b"]
    assert images_in({"prompt": "x", "images": "a"}) == []
