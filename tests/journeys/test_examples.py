"""Each program of examples/ does what its first line says, in a process of its own, against the emulator."""

import ast
import asyncio
import importlib.util
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
import yaml

from fakes.commands import environment
from repository.places import OVERLAY, ROOT
from weryai.emulator import Emulator

EXAMPLES = ROOT / "examples"
PHOTO = OVERLAY / "emulator" / "data" / "astronaut.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a photograph, and one of two photographs."""
    (tmp_path / "photo.jpg").write_bytes(PHOTO.read_bytes())
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "photos" / name).write_bytes(PHOTO.read_bytes() + name.encode())
    return tmp_path


def run(folder: Path, emulator: Emulator, *command: str) -> str:
    """Run a program in the folder and return what it printed."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment(emulator.url, emulator.key) | {"NO_PROXY": "127.0.0.1"},
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def emulator() -> Emulator:
    """An emulator whose tasks are done at the first poll."""
    return Emulator(port=0, waiting=0.0, processing=0.0, video="fixed", key="sk-emulator")


def test_one_image(folder: Path, emulator: Emulator) -> None:
    """One image is paid for once, and its video is where the program says."""
    with emulator:
        assert run(folder, emulator, str(EXAMPLES / "one_image.py"), "photo.jpg", "She waves") == "video.mp4\n"
        assert [job.posts for job in emulator.ledger] == [1]
    assert (folder / "video.mp4").stat().st_size > 1000


def test_first_and_last_frame(folder: Path, emulator: Emulator) -> None:
    """Two images become one video, paid for once, at the operation for them."""
    (folder / "last.jpg").write_bytes(PHOTO.read_bytes() + b"last")
    command = (str(EXAMPLES / "first_and_last_frame.py"), "photo.jpg", "last.jpg", "Day turns to night")
    with emulator:
        assert run(folder, emulator, *command) == "night.mp4\n"
        paths = [one.path for one in emulator.requests if "image-to-video" in one.path]
        assert paths == ["/v1/generation/first-last-image-to-video"]
        assert [job.posts for job in emulator.ledger] == [1]


def test_a_folder_twice(folder: Path, emulator: Emulator) -> None:
    """Each image becomes a video, and a second start buys nothing."""
    command = (str(EXAMPLES / "folder.py"), "photos", "The sea begins to move")
    with emulator:
        assert run(folder, emulator, *command) == "2 videos\n"
        assert run(folder, emulator, *command) == "2 videos\n"
        assert [job.posts for job in emulator.ledger] == [1, 1]
    assert sorted(path.name for path in (folder / "videos").iterdir()) == ["a.mp4", "b.mp4"]


def test_the_test_of_an_application(folder: Path, emulator: Emulator) -> None:
    """The tests of the application pass, in pytest as a user has it."""
    (folder / "application_test.py").write_bytes((EXAMPLES / "application_test.py").read_bytes())
    with emulator:
        assert "2 passed" in run(folder, emulator, "-m", "pytest", "-p", "no:cacheprovider", "application_test.py")


def test_the_notebook(folder: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells run one after another in a running event loop, as a notebook runs them, and end with the video."""
    cells = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}

    async def play() -> None:
        for cell in cells:
            if cell["cell_type"] == "code":
                code = compile("".join(cell["source"]), "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                made = eval(code, names)
                if inspect.isawaitable(made):
                    await made
        await names["client"].aclose()

    monkeypatch.chdir(folder)
    monkeypatch.setenv("WERYAI_JOURNAL", str(folder / "journal.db"))
    with emulator:
        monkeypatch.setenv("WERYAI_API_KEY", emulator.key)
        monkeypatch.setenv("WERYAI_BASE_URL", emulator.url)
        asyncio.run(play())
        assert [job.posts for job in emulator.ledger] == [1]
    assert names["path"].stat().st_size > 1000


def test_the_application_with_webhooks(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An order answers with its id; our delivery is believed after a look at the service, a foreign one refused."""
    monkeypatch.setenv("WERYAI_JOURNAL", str(tmp_path / "journal.db"))
    monkeypatch.setenv("PUBLIC_URL", "https://you.example")
    monkeypatch.setenv("HOOK_SECRET", "0123456789abcdef")

    async def story() -> None:
        spec = importlib.util.spec_from_file_location("fastapi_webhooks", EXAMPLES / "fastapi_webhooks.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        app = module.app
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="https://you.example") as http,
        ):
            order = {"image_url": "https://example.com/a.jpg", "prompt": "She waves"}
            (task_id,) = (await http.post("/videos", params=order)).json()["task_ids"]
            delivery = {"task_id": task_id, "task_status": "succeed"}
            assert (await http.post("/hooks/weryai/", json=delivery)).status_code in (400, 403)
            assert module.finished == {}
            assert (await http.post(module.receiver.callback_url, json=delivery)).status_code == 200
            assert (await http.get(f"/videos/{task_id}")).json()["state"] == "succeeded"

    with emulator:
        monkeypatch.setenv("WERYAI_API_KEY", emulator.key)
        monkeypatch.setenv("WERYAI_BASE_URL", emulator.url)
        asyncio.run(story())
        assert [job.posts for job in emulator.ledger] == [1]


def test_every_program_has_its_test() -> None:
    """A program is added here when it is added there."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in sorted(EXAMPLES.glob("*.*")) if path.name not in text] == []


def test_the_container_says_what_the_command_takes() -> None:
    """The options in the Dockerfile and in the compose file exist, and the container is not root."""
    from weryai.cli import cli

    command = cli.get_command(click.Context(cli), "emulate")
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    dockerfile = (EXAMPLES / "docker" / "Dockerfile").read_text(encoding="utf-8")
    compose = yaml.safe_load((EXAMPLES / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    given = yaml.safe_load(dockerfile.rpartition("CMD ")[2]) + compose["services"]["weryai"]["command"]
    assert {word for word in given if word.startswith("--")} - known == set()
    assert "\nUSER 10001\n" in dockerfile
    taken = (EXAMPLES / "docker" / "Dockerfile.dockerignore").read_text(encoding="utf-8").split("\n!")[1:]
    assert [name for name in taken if not (EXAMPLES.parent / name.split()[0]).exists()] == []


def test_the_job_of_ci_tests_the_example() -> None:
    """The job installs an extra that exists and runs the tests that stand beside it; SKILL.md stands there too."""
    steps = yaml.safe_load((EXAMPLES / "ci.yml").read_text(encoding="utf-8"))["jobs"]["tests"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [
        'pip install "weryai[testing]"', "pytest application_test.py",
    ]  # fmt: skip
    assert (EXAMPLES / "SKILL.md").is_file()
