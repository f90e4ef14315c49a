"""What the README and the other documents show works, and what they name exists."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from contract import facts
from fakes.postgres import MISSING, binaries, cluster
from repository.places import OVERLAY, ROOT
from repository.readme_blocks import DOCUMENTS, Block, blocks, sentences, text_of
from weryai.cli import cli
from weryai.emulator import Emulator

#: A block that begins with the name of a file is that file, for each of the others in its document.
NAMED = re.compile(r"# (\w+\.py)\n")
BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
PROGRAMS = [block for block in BLOCKS if block.language == "python"]
COMMANDS = [
    (block.document, line)
    for block in BLOCKS
    if block.language in ("console", "bash", "sh")
    for line in block.text.splitlines()
]
RAY = """
def remote(**_options):
    return lambda function: type("Remote", (), {"remote": staticmethod(function)})

def get(results):
    return results
"""
#: Lists of changes are no prose.
LOGS = {"CHANGELOG.md"}
#: What the tests install and start themselves, and what they leave to PostgreSQL's own documentation.
PACKAGES = {"postgresql"}
SERVER_PROGRAMS = {"createuser": {"--pwprompt"}, "createdb": {"--owner"}}
VERBS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
BY_EXTRA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
EXTRAS = set(BY_EXTRA)
BROUGHT = {re.split(r"[^a-z0-9-]", line)[0] for lines in BY_EXTRA.values() for line in lines}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose tasks are done at the first look."""
    with Emulator(port=0, waiting=0.0, processing=0.0, video="fixed", key="sk-emulator") as running:
        yield running


@pytest.fixture
def database(block: Block) -> Iterator[str]:
    """The address of an empty database, for a program that wants one."""
    if "WERYAI_DATABASE" not in block.text:
        yield ""
        return
    if binaries() is None:
        pytest.skip(MISSING)
    with cluster() as server:
        yield server.make()


#: A page that is about this repository's own tests has them at hand.
OWN = {"docs/how-it-fits.md": [str(ROOT / "tests")]}


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_every_program_runs(block: Block, emulator: Emulator, database: str, tmp_path: Path) -> None:
    """Each Python block runs beside photo.jpg, last.jpg and the named ones, and prints what is shown below it."""
    photo = (OVERLAY / "emulator" / "data" / "astronaut.jpg").read_bytes()
    for name in ("photo.jpg", "last.jpg"):
        (tmp_path / name).write_bytes(photo)
    for other in PROGRAMS:
        if other.document == block.document and (named := NAMED.match(other.text)):
            (tmp_path / named[1]).write_text(other.text)
    # A cluster is nothing that a test could have; what matters is what each part does.
    (tmp_path / "ray.py").write_text(RAY)
    surroundings = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", ""), *OWN.get(block.document, [])]),
        "WERYAI_BASE_URL": emulator.url,
        "WERYAI_MODELS_BASE_URL": emulator.url,
        "WERYAI_API_KEY": emulator.key,
        "WERYAI_DATABASE": database,
        "WERYAI_JOURNAL": str(tmp_path / "default.db"),
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, *program_of(block)]
    done = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert block.output in (None, done.stdout)


def program_of(block: Block) -> list[str]:
    """Return how a block is run: a file of tests by pytest, anything else by Python."""
    name = NAMED.match(block.text)
    if name is None or not name[1].startswith("test_"):
        return ["-c", block.text]
    return ["-m", "pytest", "-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function", name[1]]


def test_the_first_program_is_met_early() -> None:
    """Code with its result stands by line 20."""
    first = PROGRAMS[0]
    assert first.document == "README.md"
    assert first.output
    assert first.last_line <= 20


def test_the_models_registry_is_told_of() -> None:
    """One paragraph says that the registry's operation needs a base URL of its own, and which."""
    paragraphs = [one for one in text_of("docs/contract.md").split("\n\n") if "`listVideoModels`" in one]
    assert [f'base_url="{facts.MODELS_SERVER}"' in one for one in paragraphs] == [True]


def test_make_verbs_and_extras_are_shown() -> None:
    """The rules below are about something, in the README as in the other documents."""
    assert {"demo", "test", "check"} <= VERBS
    shown = {(document == "README.md", command.split()[0]) for document, command in COMMANDS}
    assert {(True, "make"), (True, "pip"), (True, "weryai"), (False, "make"), (False, "weryai")} <= shown


@pytest.mark.parametrize(("document", "command"), COMMANDS)
def test_every_command_exists(document: str, command: str) -> None:
    """Each line of a console block is a make verb, an installation or a command that exists, with existing options."""
    complaint = fault(shlex.split(command, comments=True))
    assert complaint is None, f"{document}: {complaint}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_in_the_text_exists(document: str) -> None:
    """So is each command that stands in the text between backquotes."""
    named = re.findall(r"(?<!`)`((?:make|pip install|weryai) [^`\n]+)`", text_of(document))
    assert [complaint for command in named if (complaint := fault(shlex.split(command)))] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """A link inside the repository names a file that exists, and a title that stands in it."""
    links = re.findall(r"\]\(((?!https?://)[^)\s]+)\)", text_of(document))
    assert [link for link in links if not leads_somewhere(document, link)] == []


def test_every_page_is_linked() -> None:
    """The README leads to every page of docs/."""
    pages = {page for page in DOCUMENTS if page.startswith("docs/")}
    assert pages - set(re.findall(r"\]\(([^)#\s]+)", text_of("README.md"))) == set()


def test_most_sentences_are_short() -> None:
    """At most 12 of 100 sentences have more than 30 words, in the README, the architecture and docs/ together."""
    found = [one for page in DOCUMENTS if page not in LOGS for one in sentences(text_of(page))]
    long = sorted((one for one in found if len(one.split()) > 30), key=len, reverse=True)
    assert len(found) > 100
    assert len(long) / len(found) <= 0.12, long


@pytest.mark.parametrize(
    "command",
    [
        "make coffee",
        "pip install '.[magic]'",
        "pip install weryai-pro",
        "weryai dream",
        "weryai bulk dream",
        "weryai bulk run --colour",
        "weryai generate --colour",
        "curl x",
        ".venv/bin/python -m pytest tests/nowhere",
        "schemathesis run --colour",
        "sudo apt-get install coffee",
        "sudo -u postgres createdb --colour",
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    """The rules above see what they are for."""
    assert fault(shlex.split(command))


def leads_somewhere(document: str, link: str) -> bool:
    """Whether a link of a document names an existing file and, after a #, one of that file's titles."""
    path, _, title = link.partition("#")
    target = (ROOT / document).parent / path if path else ROOT / document
    if not target.exists() or not title:
        return target.exists()
    titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return title in {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in titles}


def fault(words: list[str]) -> str | None:
    """Say what is wrong with a command, if anything is."""
    match words:
        case ["make", verb, *settings]:
            unknown = [word for word in settings if not re.match(r"[A-Z_]+=", word)]
            return None if verb in VERBS and not unknown else f"make has no verb {verb}, or not with {unknown}"
        case ["pip", "install", *packages]:
            return next((found for package in packages if (found := package_fault(package))), None)
        case ["weryai", "contract", *rest]:
            from weryai.contract._suite import _parser

            known = {option for action in _parser("weryai contract")._actions for option in action.option_strings}
            unknown = [word for word in rest if word.startswith("-") and word.split("=")[0] not in known]
            return f"weryai contract has no option {unknown}" if unknown else None
        case ["weryai", *groups, "--help"]:
            return fault(["weryai", *groups]) if groups else None
        case ["weryai", verb, *rest] if (command := cli.get_command(click.Context(cli), verb)) is not None:
            if isinstance(command, click.Group):
                below = command.get_command(click.Context(command), rest[0]) if rest else command
                if below is None:
                    return f"weryai {verb} has no command {rest[:1]}"
                command = below
            known = {option for parameter in command.params for option in parameter.opts}
            unknown = [word for word in rest if word.startswith("-") and word.split("=")[0] not in known]
            return f"weryai {verb} has no option {unknown}" if unknown else None
        case ["sudo", "apt-get", "install", *packages]:
            return None if set(packages) <= PACKAGES else f"no test says anything about {packages}"
        case ["sudo", "-u", "postgres", program, *rest] if program in SERVER_PROGRAMS:
            unknown = {word for word in rest if word.startswith("-")} - SERVER_PROGRAMS[program]
            return f"{program} has no option {sorted(unknown)}" if unknown else None
        case ["schemathesis", "run", *rest]:
            from schemathesis.cli import schemathesis

            known = {option for parameter in schemathesis.commands["run"].params for option in parameter.opts}
            unknown = [word for word in rest if word.startswith("-") and word not in known]
            return f"schemathesis run has no option {unknown}" if unknown else None
        case [".venv/bin/python", "-m", "pytest", *rest]:
            missing = [word for word in rest if "/" in word and not (ROOT / word.partition("::")[0]).exists()]
            return f"there are no tests at {missing}" if missing else None
        case ["export", *settings] if all("=" in word for word in settings):
            return None
    return f"nothing here is called {shlex.join(words)}"


def package_fault(package: str) -> str | None:
    """Say what is wrong with a package to install: it is this one, with extras that exist, or what an extra brings."""
    if package in BROUGHT:
        return None
    match = re.fullmatch(r"(?:-e|\.|weryai)(?:\[([a-z,-]+)\])?", package)
    if not match:
        return f"{package} is not this project"
    unknown = set(filter(None, (match[1] or "").split(","))) - EXTRAS
    return f"there is no extra {sorted(unknown)}" if unknown else None
