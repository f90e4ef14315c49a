"""What whoever runs the suite may ask for, and what decides between the full suite and the live set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from weryai.contract import _suite
from weryai.contract._live import LIVE_URL
from weryai.contract._record import WrongUseError
from weryai.contract._suite import EMULATOR_KEY, RunOptions, read_wish, run_suite

KEY = {"WERYAI_API_KEY": "sk-real-0123456789"}
HERE = "--url=http://127.0.0.1:8765"
THERE = "--url=https://staging.example.com"
PAID = ["--pay-for-tasks=1", "--image=https://example.com/photo.jpg"]


def wished(*words: str, key: dict[str, str] | None = None) -> RunOptions:
    """Read a wish with a key in the environment."""
    return read_wish(list(words), KEY if key is None else key)


def test_alone_it_makes_an_emulator_and_uses_no_key() -> None:
    """Without an address the key of the environment is not even looked at."""
    wish = wished()
    assert (wish.place, wish.is_live, wish.secret.key, wish.image) == (None, False, EMULATOR_KEY, None)


def test_a_service_on_this_machine_gets_the_full_suite() -> None:
    """With the environment's key, or else the emulator's."""
    assert not wished(HERE).is_live
    assert wished(HERE).secret.key == KEY["WERYAI_API_KEY"]
    assert wished(HERE, key={}).secret.key == EMULATOR_KEY


@pytest.mark.parametrize(
    "words", [[THERE], ["--live"], ["--live", HERE], ["--live", THERE], ["--url=https://127.0.0.1.evil.com"]]
)
def test_any_other_service_gets_the_live_set(words: list[str]) -> None:
    """Whatever verb was used; and the live verb has the live set on this machine too."""
    assert wished(*words).is_live
    assert wished("--live").place is not None and wished("--live").place.url == LIVE_URL  # type: ignore[union-attr]


WRONG = {
    "no key": (["--live"], {}, "needs a key"),
    "no key there": ([THERE], {"WERYAI_API_KEY": "  "}, "needs a key"),
    "short key": (["--live"], {"WERYAI_API_KEY": "sk-1"}, "is no key"),
    "spaced key": (["--live"], {"WERYAI_API_KEY": "sk-12345 67890"}, "is no key"),
    "address": (["--url=http://127.0.0.1@evil.com"], KEY, "URL="),
    "empty URL": (["--url="], KEY, "URL="),
    "no cases": (["--cases=0"], KEY, "--cases"),
    "strictness": (["--strict=yes"], KEY, "STRICT"),
    "two tasks": (["--live", "--pay-for-tasks=2", PAID[1]], KEY, "one task"),
    "no task": (["--live", "--pay-for-tasks=0", PAID[1]], KEY, "one task"),
    "empty price": (["--live", "--pay-for-tasks=", PAID[1]], KEY, "one task"),
    "spelt price": (["--live", "--pay-for-tasks=01", PAID[1]], KEY, "one task"),
    "paying here": ([HERE, *PAID], KEY, "belongs to the live set"),
    "no image": (["--live", PAID[0]], KEY, "IMAGE="),
    "a local image": (["--live", PAID[0], "--image=photo.jpg"], KEY, "IMAGE="),
    "an image for nothing": (["--live", PAID[1]], KEY, "PAY_FOR_TASKS"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wish_that_makes_no_sense_is_refused(case: str) -> None:
    """One sentence, and nothing was sent."""
    words, key, problem = WRONG[case]
    with pytest.raises(WrongUseError, match=problem):
        read_wish(words, key)


def test_the_paid_test_needs_its_price() -> None:
    """It is part of a run only if one task was named as its price."""
    assert wished("--live").image is None
    assert wished("--live", *PAID).image == "https://example.com/photo.jpg"
    assert wished(THERE, *PAID).image is not None


@pytest.mark.parametrize("option", ["reports", "junit", "summary"])
def test_a_report_that_cannot_be_written_is_told_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """It is wrong use, found before a run of minutes and before a task is paid for."""
    begun: list[object] = []
    monkeypatch.setattr(_suite, "confine", lambda **_: begun.append(None))
    Path(tmp_path, "file").write_text("mine")
    words = [f"--reports={tmp_path}", f"--{option}={tmp_path / 'file' / 'x'}"]
    assert run_suite([*words, "--url=http://127.0.0.1:1"], "contract") == 2
    assert not begun and "contract: " in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--url=http://127.1"], ["--live"], ["--colour"]])
def test_wrong_use_ends_with_2(words: list[str]) -> None:
    """The exit code is 2 and stderr holds no traceback."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "weryai", "contract", *words]
    folders = os.pathsep.join([os.environ["PYTHONPATH"], str(root / "tests")])
    surroundings = {**os.environ, "PYTHONPATH": folders, "WERYAI_API_KEY": ""}
    done = subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr
