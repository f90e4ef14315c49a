"""The rules about the repository's files are about what git holds, not about what lies beside it."""

import subprocess
from pathlib import Path

from repository.places import committed


def test_what_somebody_keeps_in_the_checkout_is_not_judged(tmp_path: Path) -> None:
    """A log, a second environment, a file in no encoding or a dead link is in no list; a deleted file neither."""
    git = ["git", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "--quiet"], cwd=tmp_path, check=True)
    for name in ("kept.py", "deleted.py"):
        (tmp_path / name).write_text("")
    subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
    (tmp_path / "deleted.py").unlink()
    (tmp_path / "run.log").write_bytes(b"\xff\r")
    (tmp_path / ".venv2" / "lib").mkdir(parents=True)
    (tmp_path / ".venv2" / "lib" / "test_it.py").write_text("def broken(:")
    (tmp_path / "link").symlink_to("nowhere")
    assert committed(tmp_path) == ("kept.py",)
