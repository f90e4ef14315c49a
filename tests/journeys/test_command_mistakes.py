"""Five strangers' mistakes per command: each gives one line with a way out, an exit code, and no traceback."""

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.pictures import png
from weryai import BUNDLED_MODELS_DATE
from weryai.cli import run
from weryai.emulator import Emulator

pytestmark = pytest.mark.timeout(60)
NO_NETWORK = ["--base-url", "http://127.0.0.1:9"]
COMMANDS = {
    "generate": ["generate", "picture.png", "-p", "wave"],
    "submit": ["submit", "picture.png", "-p", "wave"],
    "wait": ["wait", "task_unknown"],
    "download": ["download", "task_unknown"],
    "upload": ["upload", "picture.png"],
    "models": ["models"],
    "balance": ["balance"],
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """Serve the API."""
    with Emulator(video="fixed", waiting=0.0, processing=0.0) as running:
        yield running


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Emulator:
    """Stand in a folder with a picture, with the emulator's key and address in the environment."""
    (tmp_path / "picture.png").write_bytes(png())
    monkeypatch.chdir(tmp_path)
    # `demo` clears its surroundings; what is set here is put back in the end.
    for name, value in list(os.environ.items()):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WERYAI_JOURNAL", str(tmp_path.with_suffix(".journal")))
    monkeypatch.setenv("WERYAI_API_KEY", emulator.key)
    monkeypatch.setenv("WERYAI_BASE_URL", emulator.url)
    monkeypatch.setenv("WERYAI_MODELS_BASE_URL", emulator.url)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return emulator


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the only line that says what is wrong; click puts its usage above it."""
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    lines = [line for line in errors.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_no_key(
    at_home: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Without a key and without a terminal to ask at, the line says where keys are and what needs none."""
    monkeypatch.delenv("WERYAI_API_KEY")
    assert run(command) == 2
    line = one_line(capsys)
    assert "https://www.weryai.com/api/keys" in line and "weryai demo" in line and "WERYAI_API_KEY" in line


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_a_wrong_key(
    at_home: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """A refused key has an exit code of its own, and the key is not repeated."""
    monkeypatch.setenv("WERYAI_API_KEY", "sk-of-a-stranger")
    assert run(command) == 7
    line = one_line(capsys)
    assert "Check WERYAI_API_KEY" in line and "sk-of-a-stranger" not in line


@pytest.mark.parametrize("name", COMMANDS)
def test_no_network(
    at_home: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Where nobody listens the line says that the service was not reached; `models` then shows the shipped copy."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    options = {"generate": ["--timeout", "0"], "wait": ["--timeout", "0"]}.get(name, [])
    code = run([*NO_NETWORK, *COMMANDS[name], *options])
    if name == "models":
        captured = capsys.readouterr()
        assert code == 0 and "WERYAI_VIDEO_1_0" in captured.out
        assert "not reached" in captured.err and BUNDLED_MODELS_DATE in captured.err
        return
    line = one_line(capsys)
    assert code == (4 if name == "wait" else 6)
    assert ("weryai --base-url http://127.0.0.1:9 wait task_unknown" if name == "wait" else "not reached") in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["generate", "p.png", "--base-url", "http://x"], "`weryai --base-url URL generate`"),
        (["bulk", "run", "p", "--api-key", "k"], "`weryai --api-key KEY bulk run`"),
        (["balance", "-v"], "`weryai -v balance`"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_option_of_all_commands_stands_before_the_command(
    at_home: Emulator, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Who writes --base-url behind the command is told where it stands, and not a name that looks like it."""
    assert run(words) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"stands before the command: {told}")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["genrate", "p.png"], "No such command 'genrate'. Did you mean generate?"),
        (["bulk", "rum", "p"], "No such command 'rum'. Did you mean run?"),
        (["zzzz"], "No such command 'zzzz'."),
        (["generate", "--image", "p.png"], "there is no option --image: `weryai generate IMAGE` takes it without one"),
        (["bulk", "run", "--manifest", "p"], "there is no option --manifest: `weryai bulk run MANIFEST` takes it"),
        (["wait", "--task-id", "t"], "there is no option --task-id: `weryai wait TASK_ID` takes it without one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistyped_word_is_told_with_the_right_one(
    at_home: Emulator, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """A command that does not exist is told with those like it, and an argument that is no option as what it is."""
    assert run(words) == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_each_of_several_unknown_tasks_is_named(at_home: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """What failed is told with its id, if more than one was asked for."""
    assert run(["wait", "task_one", "task_two"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert sorted(line.split(":")[1] for line in lines) == [" task task_one", " task task_two"]


WRONG_PATHS = {
    "generate": (["generate", "nothing.jpg", "-p", "x"], 2, "no image at nothing.jpg"),
    "generate to a folder that is a file": (
        ["generate", "picture.png", "-p", "x", "-o", "picture.png/v.mp4"],
        2,
        "cannot be written",
    ),
    "submit": (["submit", ".", "-p", "x"], 2, "is a folder, not an image"),
    "wait": (["wait", "task_unknown"], 1, "Check the id"),
    "wait into a file": (["wait", "a", "b", "-o", "v.mp4"], 2, "need a folder"),
    "download": (["download", "task_unknown"], 1, "Check the id"),
    "download nothing": (["download", "http://127.0.0.1:9/v.mp4"], 5, "could not be downloaded"),
    "upload": (["upload", "nothing.jpg"], 2, "no image at nothing.jpg"),
    "models": (["models", "NO_SUCH_MODEL"], 2, "no model 'NO_SUCH_MODEL'"),
    "emulate": (["emulate", "--port", "99999"], 2, "99999"),
    "demo": (["demo", "nothing.jpg"], 2, "no image at nothing.jpg"),
    "completion": (["completion", "tcsh"], 2, "'tcsh' is not one of"),
}


@pytest.mark.parametrize(("command", "code", "words"), WRONG_PATHS.values(), ids=list(WRONG_PATHS))
def test_a_wrong_path_or_id(
    at_home: Emulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    code: int,
    words: str,
) -> None:
    """What is named but not there, or cannot be written, is said by its name."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    before = len([one for one in at_home.requests if one.path.endswith("image-to-video")])
    assert run(command) == code
    assert words in one_line(capsys)
    assert len([one for one in at_home.requests if one.path.endswith("image-to-video")]) == before


@pytest.mark.parametrize("command", [*COMMANDS, "emulate", "demo", "completion"])
def test_a_wrong_option(at_home: Emulator, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """An option that does not exist is named, with the command's help as the way out."""
    assert run([command, "--colour", "blue"]) == 2
    captured = capsys.readouterr().err
    assert "No such option" in captured and "--colour" in captured and f"weryai {command} --help" in captured
    assert "Traceback" not in captured


VALUES = {
    "generate": (["--duration", "long"], "'long' is not a valid integer"),
    "submit": (["--video-number", "9"], "at most 4"),
    "submit strictly": (["--strict", "-m", "SORA_2"], "SORA_2 takes 4, 8, 12"),
    "submit checked live": (["--live", "-m", "SORA_2"], "SORA_2 takes 4, 8, 12"),
    "submit without a prompt": (["-p", ""], "prompt must not be empty"),
    "submit what no parser reads": (["--extra", f"a={'[' * 100_000}"], "is no JSON"),
    "submit with 5,000 digits": (["--extra", f"a={'9' * 5000}"], "is no JSON"),
    "submit for as long": (["-d", "9" * 5000], "9…"),
}


@pytest.mark.parametrize(("options", "words"), VALUES.values(), ids=list(VALUES))
def test_a_wrong_value(at_home: Emulator, capsys: pytest.CaptureFixture[str], options: list[str], words: str) -> None:
    """A value that cannot be is named with what is allowed, and nothing is ordered."""
    before = len([one for one in at_home.requests if one.path.endswith("image-to-video")])
    assert run([*COMMANDS["generate" if "long" in options else "submit"], *options]) == 2
    line = one_line(capsys)
    assert words in line and len(line) < 300
    assert len([one for one in at_home.requests if one.path.endswith("image-to-video")]) == before


def test_an_order_that_no_journal_can_have(at_home: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that no row can have is told as such, and not as a mistake of ours."""
    assert run(["resolve", "9" * 30, "abandon"]) == 2
    assert "is not in the range" in one_line(capsys)


@pytest.mark.parametrize("credits", [1_234_567, 123_456_789])
def test_a_balance_is_told_to_its_last_digit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, credits: int
) -> None:
    """However many there are; no 1.23457e+06, which is another number."""
    with Emulator(video="fixed", balance=credits) as rich:
        monkeypatch.setenv("WERYAI_API_KEY", rich.key)
        monkeypatch.setenv("WERYAI_BASE_URL", rich.url)
        assert run(["balance"]) == 0
        assert capsys.readouterr().out == f"{credits}\n"
        assert run(["doctor"]) in (0, 1)
        assert f"{credits} credits" in capsys.readouterr().out


def test_a_key_as_an_argument_is_warned_of(
    at_home: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--api-key` works, and says who else can read it."""
    monkeypatch.delenv("WERYAI_API_KEY")
    assert run(["--api-key", at_home.key, "balance"]) == 0
    assert "process list" in one_line(capsys)


def test_every_result_is_a_line_of_json(at_home: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json` each line of standard output is an object, the order's task ids first."""
    assert run(["submit", "picture.png", "-p", "x", "--json"]) == 0
    ids = json.loads(capsys.readouterr().out)["task_ids"]
    assert run(["wait", *ids, "--json", "-o", "w.mp4"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in events][-1] == "done" and Path(events[-1]["path"]).is_file()
    for command in (["balance"], ["upload", "picture.png"], ["models", "SORA_2"], ["download", ids[0]]):
        assert run([*command, "--json"]) == 0
        assert isinstance(json.loads(capsys.readouterr().out), dict)
    assert run(["generate", "picture.png", "-p", "y", "--json", "-o", "g.mp4"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in lines] == ["submitted", "done"]


@pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")
def test_several_tasks_are_fetched_into_a_folder(at_home: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """`submit -n 2` prints two ids, and `wait` of both stores both, although a third one is unknown."""
    assert run(["submit", "picture.png", "-p", "x", "-n", "2"]) == 0
    ids = capsys.readouterr().out.split()
    assert run(["wait", *ids, "task_unknown", "-o", "videos/"]) == 1
    captured = capsys.readouterr()
    assert sorted(Path(line).stem for line in captured.out.split()) == sorted(ids)
    assert "Check the id" in captured.err


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete"), ("zsh", "compdef"), ("fish", "complete")])
def test_completion_scripts(capsys: pytest.CaptureFixture[str], shell: str, word: str) -> None:
    """Each shell gets its own script."""
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert word in script and "_WERYAI_COMPLETE" in script


def test_a_completion_is_no_failure(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 0, and tells of a command what the help tells of it, whole."""
    for name, value in (("COMPLETE", "zsh_complete"), ("COMP_WORDS", "weryai bulk re"), ("COMP_CWORD", "2")):
        monkeypatch.setenv(name if name.startswith("COMP_") else f"_WERYAI_{name}", value)
    assert run([]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[1::3][:3] == ["retry", "resolve", "report"]
    assert lines[5] == "Say what became of an ambiguous job, after you have looked."
