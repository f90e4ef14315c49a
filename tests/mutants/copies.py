"""Copies of the tree in a temporary folder, each with an interpreter that knows no other weryai than the copy's."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

from .mutant import GENERATED, Mutant
from .sources import MutantError

ROOT = Path(__file__).resolve().parents[2]
PROVENANCE = "generated_client/PROVENANCE.json"
# What the tests may see of the caller's environment.
KEPT = ("HOME", "LANG", "PATH", "TMPDIR")


class Copy:
    """The committed files with all changes of the working tree; a mistake is made in it and undone again.

    The editable installation of the checkout must not be what runs. So each copy has a virtual environment whose path
    holds the copy and the installed packages, in that order; programs that tests start see the same.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "tree"
        self._clean = folder / "clean"
        _copy_files(self._clean)
        shutil.copytree(self._clean, self.root)
        self._python = _interpreter(folder / "venv", self.root)
        self._group: int | None = None
        self._stopped = False
        self._check_imports()

    def stop(self) -> None:
        """End what runs, and let nothing more begin."""
        self._stopped = True
        if self._group is not None:
            _end(self._group)

    def mutate(self, mutant: Mutant) -> str | None:
        """Make the mistake; returns the generator's complaint if it does not take the mutated contract."""
        mutant.apply(self.root)
        if not mutant.is_source:
            return None
        code, output = self.run("openapi/generate.py", seconds=120)
        return None if code == 0 else output.strip().rpartition("\n")[2]

    def restore(self, mutant: Mutant) -> None:
        """Undo it; the old time of the file comes back as well, so that no byte code of the mistake is taken."""
        shutil.copy2(self._clean / mutant.change.file, self.root / mutant.change.file)
        if mutant.is_source:
            shutil.rmtree(self.root / GENERATED)
            shutil.copytree(self._clean / GENERATED, self.root / GENERATED)
            shutil.copy2(self._clean / PROVENANCE, self.root / PROVENANCE)

    def run(self, *arguments: str, seconds: float) -> tuple[int | None, str]:
        """Run the copy's Python in the copy: exit code and output. The code is None if it had to be stopped."""
        if self._stopped:
            raise MutantError("interrupted")
        with subprocess.Popen(
            [str(self._python), *arguments],
            cwd=self.root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            self._group = process.pid
            try:
                output, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                _end(process.pid)
                output, _ = process.communicate()
                return None, output
            finally:
                self._group = None
                _end(process.pid)
        return process.returncode, output

    def _check_imports(self) -> None:
        program = "import weryai, weryai_api; print(weryai.__file__, weryai_api.__file__, sep='\\n')"
        _, output = self.run("-c", program, seconds=60)
        expected = [str(self.root / name / "__init__.py") for name in ("overlays/weryai", GENERATED)]
        if output.splitlines() != expected:
            raise MutantError(f"what runs is not the copy in {self.root}: {output}")


def _end(group: int) -> None:
    """End what a run has started and left behind; it has a process group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _copy_files(target: Path) -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            # What cannot be read is somebody's own.
            with contextlib.suppress(PermissionError):
                shutil.copy2(ROOT / name, target / name)
    # Some tests ask git which files there are.
    for words in (["init"], ["add", "--all", "--force"]):
        subprocess.run(["git", *words], cwd=target, check=True, capture_output=True)


def _interpreter(folder: Path, root: Path) -> Path:
    """Make the virtual environment; the generator looks for ruff beside the interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    paths = [root / "overlays", root / "generated_client", sysconfig.get_path("purelib")]
    (packages / "copy.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    (folder / "bin" / "ruff").symlink_to(Path(sysconfig.get_path("scripts"), "ruff"))
    return folder / "bin" / "python"


def _environment() -> dict[str, str]:
    """What tests may see; a terminal as wide as can be, so that messages are not cut."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONUTF8": "1", "COLUMNS": "2000", "PYTHONHASHSEED": "0"}


def processor_seconds() -> float:
    """The processor time of everything that was run and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
