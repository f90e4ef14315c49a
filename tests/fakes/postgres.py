"""A PostgreSQL of the tests' own: a cluster in a temporary folder, reached by a socket there, gone afterwards."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from urllib.parse import quote

MISSING = "there is no PostgreSQL server here: install Debian's package postgresql, or put initdb and postgres on PATH"


@dataclass
class Cluster:
    """A server; `make` gives a database of its own to whoever asks."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    made: int = 0

    def address(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://weryai@/{database}?host={quote(str(self.folder), safe='')}"

    def make(self) -> str:
        """Make an empty database, and return its address."""
        import psycopg

        self.made += 1
        with psycopg.connect(self.address("postgres"), autocommit=True) as db:
            db.execute(f"create database run_{self.made}")
        return self.address(f"run_{self.made}")


def binaries() -> Path | None:
    """Where the server's programs are: on PATH, or where Debian puts them."""
    found = [path for path in (shutil.which("initdb"), *sorted(glob("/usr/lib/postgresql/*/bin/initdb"))) if path]
    return Path(found[-1]).resolve().parent if found else None


@contextlib.contextmanager
def cluster(*, is_durable: bool = False) -> Iterator[Cluster]:
    """Run a server until the block ends; what is not durable saves the disk's time."""
    programs = binaries()
    if programs is None:
        raise LookupError(MISSING)
    with tempfile.TemporaryDirectory(prefix="weryai-pg-") as place:
        folder = Path(place)
        # PostgreSQL refuses to be run by root.
        user = _user()
        if user is not None:
            shutil.chown(folder, *user)
        data = folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "weryai", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
            check=True, capture_output=True, **_as(user),
        )  # fmt: skip
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "on" if is_durable else "off",
        }
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **_as(user))
        try:
            _wait(folder, process)
            yield Cluster(folder, process)
        finally:
            # SIGINT is its fast shutdown, which does not wait for who is connected.
            process.send_signal(2)
            process.wait(30)


def _user() -> tuple[int, int] | None:
    return (65534, 65534) if os.name == "posix" and os.getuid() == 0 else None


def _as(user: tuple[int, int] | None) -> dict[str, object]:
    return {} if user is None else {"user": user[0], "group": user[1], "extra_groups": []}


def _wait(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    import psycopg

    address = f"postgresql://weryai@/postgres?host={quote(str(folder), safe='')}"
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError((folder / "log").read_text())
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(address, connect_timeout=1).close()
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise RuntimeError("the server did not start within 30 seconds")
