"""What the command line says is said in its own words: options, variables and commands, never Python's names."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fakes.pictures import png
from repository.places import OVERLAY, ROOT, python_files
from weryai import __main__ as program
from weryai.cli import run
from weryai.cli._connection import EXTRAS
from weryai.cli._words import counted, in_words

# A keyword argument, a method, and what is no text.
PYTHON = re.compile(
    r"\b(?!WERYAI)[a-z_]+=(?:True|False|None|$|\[|X)|\b(?:tasks|orders|batches|math)\.[a-z_]+|of that name|"
    r"\b(?:api_key|base_url|extra_body|order_key|start_rate|in_flight|open_posts)\b|\ba function\b|b64decode|the bytes"
)
#: Said only to who writes Python, by the start of the text: no command gives what it is about.
NEVER_REACHED = (
    "this client has no journal", "batch ", "X holds connections", "api_key must be a string", "the api_key function",
    "extra_body must be a mapping", "extra_body takes", "unexpected keyword",
    "nothing: validate=False", "X takes body=", "Prepared(",
    "a PIL image", "open_posts integer", "in_flight and open_posts must be whole", "name the keys of jobs",
    "webhook must be", "on_drift",
)  # fmt: skip
SKIPPED = ("emulator", "contract", "testing", "cli", "_webhooks", "webhooks", "_report", "_pyinstaller")


def texts(path: Path) -> Iterator[str]:
    """Every text of a module that has a blank, but for docstrings and SQL; what is put in is X."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts | alone:
            text = node.value
        else:
            continue
        if " " in text and not re.match(r"\s*(?:and |select|insert|update|create|alter|key text|id integer)", text):
            yield text


def filled(text: str) -> str:
    """A text with tasks and orders in their places."""
    text = (
        text.replace("wait_many(X)", "wait_many(['task_1', 'task_2'])")
        .replace("order X", "order 7")
        .replace("video_number=X", "video_number=2")
    )
    text = text.replace("private_hosts=[X]", "private_hosts=['x.lan']").replace("order_key X", "order_key 'x'")
    return re.sub(r"(?<=[a-z])\(X\)", "('task_1')", text).replace("extra_body holds X", "extra_body holds duration")


def test_no_message_reaches_the_command_line_in_python() -> None:
    """Whatever text the library has, the command line says it without a keyword argument, a method or a parameter."""
    told = {
        text: in_words(filled(text))
        for path in python_files(OVERLAY)
        if path.relative_to(OVERLAY).parts[0].removesuffix(".py") not in SKIPPED
        for text in texts(path)
        if PYTHON.search(text)
        and not text.startswith(NEVER_REACHED)
        and not re.search(r"[a-z]+_url = \?|, key =", text)
    }
    assert len(told) > 15
    assert [(text, words) for text, words in told.items() if PYTHON.search(words)] == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("a.png is not whole: its end is missing; validate=False sends it all the same. Nothing was sent.",
         "a.png is not whole: its end is missing. Nothing was sent."),
        ("extra_body holds duration, end_pic_url, images: use the parameter of that name",
         "--extra holds duration, end_pic_url, images: say --duration, --last, IMAGE"),
        ("generate makes one video; for more use submit + batches.wait",
         "generate makes one video; for more use `weryai submit --video-number`"),
        ("duration is 99, at most 60 is allowed; generate_audio must be of type boolean, not str",
         "--duration is 99, at most 60 is allowed; --audio must be of type boolean, not str"),
        ("aspect_ratio 9x16: M takes 9:16, 16:9 (by it; strict=True refuses it)",
         "--aspect-ratio 9x16: M takes 9:16, 16:9 (by it; --strict refuses it)"),
        ("rate must be more than 0 and at most 10,000 a second, in_flight 1 to 100,000",
         "--rate must be more than 0 and at most 10,000 a second, --in-flight 1 to 100,000"),
        ("the same order was sent 3 s ago; settle order 7 with orders.adopt or orders.give_up (order 7).",
         "the same order was sent 3 s ago; settle it with `weryai resolve 7 adopt TASK_ID` or abandon (order 7)."),
        ("Tasks a, b are paid for; resume with tasks.wait_many(['a', 'b']).",
         "Tasks a, b are paid for; resume with `weryai wait a b`."),
        ("there is no image at model", "there is no image at model"),
        ("image.png is larger than 10 MB", "image.png is larger than 10 MB"),
    ],
)  # fmt: skip
def test_the_words_of_the_command_line(said: str, words: str) -> None:
    """Parameters become options, methods commands; what is named like a parameter and is none stays."""
    assert in_words(said) == words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a picture, with a key and nobody to reach."""
    (tmp_path / "a.jpg").write_bytes(png())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WERYAI_API_KEY", "sk-of-the-test")
    monkeypatch.setenv("WERYAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WERYAI_JOURNAL", str(tmp_path.with_suffix(".journal")))
    return tmp_path


ORDER = ["generate", "a.jpg", "-p", "She waves", "--no-journal"]
MISTAKES: dict[str, tuple[list[str], dict[str, str], str]] = {
    "address": (["balance"], {"WERYAI_BASE_URL": "api.weryai.com/v1?key=s3"},
                "(or http:// on this machine) and name a host, not 'api.weryai.com'"),
    "address option": (["--base-url", "ftp://host", "balance"], {},
                       "--base-url must start with https:// (or http:// on this machine) and name a host, not 'ftp://host'"),
    "registry": (["models"], {"WERYAI_MODELS_BASE_URL": "nowhere"}, "WERYAI_MODELS_BASE_URL must start with"),
    "plain http": (["balance"], {"WERYAI_BASE_URL": "http://proxy.lan"}, "name it: WERYAI_PRIVATE_HOSTS=proxy.lan"),
    "hosts": (["balance"], {"WERYAI_PRIVATE_HOSTS": "example.com"}, "WERYAI_PRIVATE_HOSTS: 'example.com' is not"),
    "key": (["balance"], {"WERYAI_API_KEY": "Bearer sk-of"}, "the API key (WERYAI_API_KEY) must be the key alone"),
    "timeout": ([*ORDER, "--timeout", "-1"], {}, "--timeout must be a number of seconds, 0 to 1,000,000,000, or inf"),
    "extra": ([*ORDER, "--extra", "duration=5"], {}, "--extra holds duration: say --duration"),
    "order key": ([*ORDER, "--order-key", "x"], {}, "--order-key needs a journal: leave --no-journal out"),
    "field": ([*ORDER, "--negative-prompt", "x" * 1001], {}, "--negative-prompt has 1001 characters, at most"),
    "swapped": (["generate", "She waves", "-p", "a.jpg"], {}, "`weryai generate a.jpg -p 'She waves'`"),
    "image as prompt": (["generate", "-p", "a.jpg"], {}, "-p names the file a.jpg"),
    "words as image": (["generate", "She waves", "-p", "x"], {}, "there is no image at 'She waves'"),
    "gif": ([*ORDER, "-o", "y.GIF"], {}, "y.GIF is no name of a video: what comes is an MP4, so say y.mp4"),
    "text": (["wait", "task", "-o", "v/y.txt"], {}, "so say v/y.mp4"),
    "bulk": (["bulk", "run", "jobs.csv", "--name", "{key}.png"], {}, "so say {key}.mp4"),
    "emulator": (["emulate", "--speed", "-1"], {}, "--speed -1.0 must be a number from 0 on"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "surroundings", "words"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_told_by_its_option(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    surroundings: dict[str, str],
    words: str,
) -> None:
    """Each line names the option or the variable that was wrong, begins with weryai, and ends with code 2."""
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert run(command) == 2
    told = capsys.readouterr().err
    lines = [line for line in told.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert words in lines[-1] and lines[-1].startswith("weryai: ")
    assert "s3" not in told


@pytest.mark.parametrize("key", ["sk-abc.def", "eyJh.eyJz.c2ln", "abcdef0123456789abcdef012345", "me:pw@home", "a-key"])
def test_a_key_in_the_place_of_the_address_is_not_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """What may be a key or a password is not repeated where an address was expected."""
    monkeypatch.setenv("WERYAI_BASE_URL", key)
    assert run(["balance"]) == 2
    told = capsys.readouterr().err
    assert "WERYAI_BASE_URL must" in told and key not in told and key[-4:] not in told


@pytest.mark.parametrize("name", ["y.mp4", "y.MOV", "wave", "v1.2", "a.b/y"])
def test_a_name_that_may_be_a_video_is_taken(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A video's name in any case, one without a suffix, and one that ends in a number are no mistake."""
    assert run([*ORDER, "-o", name, "--dry-run"]) == 0


def test_a_list_of_choices_has_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    """What click lists behind tabs is told without them."""
    for command in (["resolve", "1"], ["completion"]):
        assert run(command) == 2
        told = capsys.readouterr().err
        assert "Choose from:" in told and "\\t" not in told and "\t" not in told and "\nweryai: " in told


def test_what_the_snapshot_doubts_names_the_option(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A doubt of the bundled snapshot says which option would refuse it."""
    assert run([*ORDER, "-r", "9x16", "--dry-run"]) == 0
    assert "--aspect-ratio 9x16" in (told := capsys.readouterr().err) and "--strict refuses it" in told


def test_a_used_port_is_a_mistake_like_others(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that somebody has ends with 2, for 1 means that the service refused."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["emulate", "--port", str(taken.getsockname()[1]), "--video", "fixed"]) == 2
    assert capsys.readouterr().err.startswith("weryai: port ")


LACKING = {
    "demo": (["demo"], ("starlette", "av"), "starlette av (the extra emulator"),
    "emulate": (["emulate", "--port", "0"], ("uvicorn", "python_multipart", "av"), "uvicorn python-multipart av (the"),
    "contract": (["contract"], ("schemathesis", "jinja2"), "schemathesis jinja2 (the extra contract"),
}


@pytest.mark.parametrize(("command", "absent", "words"), LACKING.values(), ids=list(LACKING))
def test_missing_packages_are_told_all_at_once(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    absent: tuple[str, ...],
    words: str,
) -> None:
    """A command names every package that it lacks in one line to copy, with the extra, and ends with 2."""
    for module in absent:
        monkeypatch.setitem(sys.modules, module, None)
    assert run(command) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"weryai: `weryai {command[0]}` lacks") and f"pip install {words}" in told


@pytest.mark.parametrize(
    ("command", "extras"),
    [("demo", "cli,emulator"), ("contract", "cli,contract"), ("bulk", "cli,bulk"), ("balance", "cli")],
)
def test_who_has_no_click_is_told_all_packages(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, extras: str
) -> None:
    """Before there is a command line at all, it names all that the command needs, and exactly the extras' packages."""
    monkeypatch.setitem(sys.modules, "click", None)
    monkeypatch.setattr(sys, "argv", ["weryai", command])
    with pytest.raises(SystemExit) as ended:
        program.main()
    told = capsys.readouterr().err
    named = re.search(r"pip install (.*) \(weryai\[(.*)\]\)", told)
    assert ended.value.code == 2 and named is not None and named[2] == extras
    wanted = {package for extra in extras.split(",") for package in EXTRAS[extra].values()}
    assert set(named[1].split()) == wanted


def test_doctor_knows_the_extras_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every extra is listed with the packages that it asks for; one that lacks some is not called ok."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = {extra: {canonicalize_name(Requirement(one).name) for one in needs} for extra, needs in extras.items()}
    known = {extra: {Requirement(one.strip('"')).name for one in needs.values()} for extra, needs in EXTRAS.items()}
    assert known == asked
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    run(["doctor", "--offline"])
    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if "[parquet]" in line)
    assert lines[at].startswith("-  ") and "not installed" in lines[at] and "pip install pyarrow" in lines[at + 1]


def test_one_is_no_plural() -> None:
    """One task is a task; none and many are tasks."""
    assert [counted(many, "task") for many in (0, 1, 1200)] == ["0 tasks", "1 task", "1,200 tasks"]
