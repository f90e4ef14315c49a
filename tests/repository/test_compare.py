"""How openapi/compare.py and its make verb end: the exit code, and what they say where."""

import contextlib
import functools
import io
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import compare
from repository.places import OPENAPI, ROOT

CONTRACT = "openapi/weryai.yaml"
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
# To read a contract takes ten times as long as to compare two, and each test begins with the same one.
PARSED = functools.cache(compare.parse)
NOBODY = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]


@dataclass(frozen=True)
class Ended:
    """How the tool ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Checkout:
    """A repository with the contract, in which a test may change what it likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contract = folder / CONTRACT

    def begin(self) -> None:
        """Make the repository, with one commit."""
        self.contract.parent.mkdir()
        shutil.copy2(OPENAPI / "weryai.yaml", self.contract)
        self.git("init", "-q")
        self.commit("the contract")

    def git(self, *words: str) -> None:
        """Run git, without the settings of whoever runs the test."""
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        subprocess.run(["git", *NOBODY, *words], cwd=self.folder, env=surroundings | QUIET, check=True)

    def commit(self, message: str) -> None:
        """Record the files as they are."""
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def replace(self, old: str, new: str) -> None:
        """Change the contract at one place."""
        text = self.contract.read_text(encoding="utf-8")
        assert old in text
        self.contract.write_text(text.replace(old, new, 1), encoding="utf-8")

    def compare(self, *words: str) -> Ended:
        """Run the tool on this repository, in this process: an interpreter for each case is most of the time."""
        said, told = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(compare, "ROOT", self.folder)
            patched.setattr(compare, "parse", PARSED)
            for name in [name for name in os.environ if name.startswith("GIT_")]:
                patched.delenv(name)
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
                code = compare.main([*words])
        return Ended(code, said.getvalue(), told.getvalue())


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, to be copied."""
    folder = tmp_path_factory.mktemp("compare") / "checkout"
    folder.mkdir()
    Checkout(folder).begin()
    return folder


@pytest.fixture
def checkout(tmp_path: Path, committed: Path) -> Checkout:
    """A repository of its own, with one commit."""
    shutil.copytree(committed, tmp_path / "checkout")
    return Checkout(tmp_path / "checkout")


def test_an_unchanged_contract_is_fine(checkout: Checkout) -> None:
    """Nothing changed: it says so, and the exit code is 0."""
    done = checkout.compare("HEAD")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{CONTRACT}: HEAD -> the file here\n\nNothing changed.\n"


def test_a_harmless_change_is_fine(checkout: Checkout) -> None:
    """A change that breaks nobody is told, and the exit code is 0."""
    checkout.replace("maxLength: 2000", "maxLength: 3000")
    done = checkout.compare("HEAD")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  info     prompt in request body: at most 2000 characters -> at most 3000 characters\n" in done.stdout
    assert done.stdout.endswith("\nNothing breaks callers; 1 harmless change.\n")


def test_a_breaking_change_is_not(checkout: Checkout) -> None:
    """A change that breaks callers is told, and the exit code is 1."""
    checkout.replace("maxLength: 2000", "maxLength: 200")
    done = checkout.compare("HEAD")
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        "\nsubmitImageToVideo\n  error    prompt in request body: at most 2000 characters -> at most 200 characters\n"
        in done.stdout
    )
    assert "\n1 of 1 changes breaks callers.\n" in done.stdout


def test_two_commits_are_compared(checkout: Checkout) -> None:
    """With two refs the file that lies here does not matter."""
    checkout.replace("maxLength: 2000", "maxLength: 200")
    checkout.commit("a shorter prompt")
    checkout.contract.write_text("nonsense", encoding="utf-8")
    assert checkout.compare("HEAD~1", "HEAD").returncode == 1
    assert checkout.compare("HEAD", "HEAD").returncode == 0


def test_the_same_change_of_several_operations_is_told_once(checkout: Checkout) -> None:
    """What a shared schema changes is one line, under the names of all operations that it reaches."""
    checkout.replace("processing: [processing, running]", "processing: [processing, running, failed]")
    checkout.replace("failed: [failed, fail,", "failed: [fail,")
    done = checkout.compare("HEAD")
    assert done.stdout.count("error    ") == 1
    submissions = "submitImageToVideo, submitMultiImageToVideo, submitTextToVideo, submitFirstLastImageToVideo"
    heading = f"{submissions}, submitAlmightyReferenceToVideo, getTaskStatus, getBatchStatus"
    assert f"\n{heading}, receiveTaskFinished (webhook)\n  error    KnownTaskStatus in response 200" in done.stdout


@pytest.mark.parametrize("reference", ["nowhere", "--help", "-", "", "HEAD:openapi", "HEAD..HEAD", "a b"])
def test_a_ref_that_is_none(checkout: Checkout, reference: str) -> None:
    """What is no commit is refused in one sentence that repeats it, with exit code 2."""
    done = checkout.compare("--", reference)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"openapi/compare.py: git knows no commit called {reference!r} here\n"


def test_a_commit_without_the_contract(checkout: Checkout) -> None:
    """A commit that has no contract is told apart."""
    checkout.git("rm", "-q", "--cached", CONTRACT)
    checkout.git("commit", "-q", "-m", "no contract")
    done = checkout.compare("HEAD")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"openapi/compare.py: there is no {CONTRACT} at 'HEAD'\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"openapi: [3.1.0\ninfo: {}\n", "is no YAML: line 2: "),
        (b"\xff\xfe", "is no YAML: "),
        (b"a: \x00", "is no YAML: "),
        (b"", "cannot be compared: it is no OpenAPI document"),
        (b"- a list\n", "cannot be compared: it is no OpenAPI document"),
        (b"paths: {/a: 5}\n", "an object was expected where '5' stands"),
        (b"paths: {/a: {$ref: '#/nowhere'}}\n", "#/nowhere points at nothing in it"),
        (b"paths: {/a: {$ref: '#/paths/~1a'}}\n", "#/paths/~1a refers to itself"),
        (b"paths: {/a: {get: 5}}\n", "one of the versions is not built as a contract should be"),
        (b"components: {schemas: [a]}\n", "one of the versions is not built as a contract should be"),
    ],
)
def test_a_contract_that_cannot_be_read(checkout: Checkout, content: bytes, said: str) -> None:
    """What is no contract is refused in one sentence, with exit code 2 and no traceback."""
    checkout.contract.write_bytes(content)
    done = checkout.compare("HEAD")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("openapi/compare.py: ") and done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_contract_that_is_not_there(checkout: Checkout) -> None:
    """A missing file is told apart."""
    checkout.contract.unlink()
    done = checkout.compare("HEAD")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"openapi/compare.py: {CONTRACT} cannot be read: No such file or directory\n"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        (["BASE=HEAD", "HEAD=HEAD"], 0, f"{CONTRACT}: HEAD -> HEAD\n\nNothing changed.\n"),
        (["BASE=$(nothing) 'here'"], 2, "git knows no commit called \"$(nothing) 'here'\" here"),
    ],
)
def test_the_verb(settings: list[str], code: int, said: str) -> None:
    """`make spec-diff` hands its settings over to the letter, and fails when the tool does."""
    surroundings = {name: value for name, value in os.environ.items() if not re.match("MAKE|MFLAGS|GNUMAKE", name)}
    done = subprocess.run(
        ["make", "-s", "spec-diff", *settings],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == code
    assert said in (done.stderr if code else done.stdout)
