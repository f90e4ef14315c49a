"""One SQLite database of ours: opened, checked, locked; what is in it says its `Kind`."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from .._flow.logs import warn_before_paying
from .._media.names import quoted
from ..errors import JournalError, before_sending

# How long another process may keep the file to itself, in seconds.
PATIENCE = 10.0
MOUNTS = Path("/proc/self/mountinfo")
# SQLite's write-ahead log needs memory that all its users share.
NETWORK = ("nfs", "cifs", "smb", "ncpfs", "afs", "9p", "ceph", "lustre", "glusterfs", "gpfs", "beegfs", "fuse.sshfs",
           "fuse.gluster", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.goofys")  # fmt: skip
# A memory card or a stick; "fuseblk" may be one as well.
RENUMBERING = ("msdos", "vfat", "exfat", "fuse.exfat", "fuse.exfat-fuse", "fuseblk")


@dataclass(frozen=True)
class Kind:
    """A kind of file: what people call it, how it is told from others, and what is in a new one."""

    noun: str
    application: int
    schema: int
    tables: str
    #: What brings a file from one schema to the next, by the number of the older one.
    upgrades: Mapping[int, Callable[[sqlite3.Connection], None]] = field(default_factory=dict)

    def named(self, path: Path) -> str:
        """A file of this kind, for a message."""
        return f"the {self.noun} {quoted(path)}"


#: Sees an existing file before anything is changed in it, and may refuse it by an error.
Accept: TypeAlias = Callable[[sqlite3.Connection], None]


def make_file(path: Path) -> bool:
    """Make an empty file, unless there is one, which only SQLite may open; whether it was made. Raises OSError."""
    # Prompts are private. The files that SQLite puts beside it get the same rights.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, flags, 0o600))
        return True
    return False


def open_file(path: Path, kind: Kind, accept: Accept | None) -> sqlite3.Connection:
    """Open a file of this kind for writing; whatever is in the way is a JournalError."""
    db = connect(path, kind)
    try:
        _check(db, path, kind, accept)
        return db
    except sqlite3.Error as error:
        db.close()
        raise unusable(path, error, kind) from error
    except BaseException:
        db.close()
        raise


def connect(path: Path, kind: Kind) -> sqlite3.Connection:
    """Open a file that is known to be of this kind; raises JournalError."""
    try:
        db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, ValueError) as error:
        raise unusable(path, error, kind) from error
    db.row_factory = sqlite3.Row
    return db


def unusable(path: Path, error: Exception, kind: Kind) -> JournalError:
    """The error of a file that cannot be written."""
    reason = getattr(error, "strerror", None) or error
    return JournalError(f"{kind.named(path)} cannot be written: {reason}")


def _check(db: sqlite3.Connection, path: Path, kind: Kind, accept: Accept | None) -> None:
    """Refuse what this version would not understand; make the tables of a new file."""
    make_durable(db)
    # In a transaction, which also meets a disk that takes nothing any more.
    db.execute("begin immediate")
    version = version_of(db, path, kind)
    if version and accept is not None:
        accept(db)
    if version == 0:
        for statement in kind.tables.split(";"):
            db.execute(statement)
        db.execute("insert into about values ('salt', ?)", (secrets.token_hex(16),))
        db.execute(f"pragma application_id = {kind.application}")
    else:
        for older in range(version, kind.schema):
            kind.upgrades[older](db)
    if version < kind.schema:
        db.execute(f"pragma user_version = {kind.schema}")
    if db.execute("select 1 from about where name = 'salt'").fetchone() is None:
        raise JournalError(f"{kind.named(path)} is damaged: its salt is missing")
    db.execute("commit")
    if (mode := _to_wal(db)) != "wal":
        raise JournalError(f"{kind.named(path)} cannot be made safe against crashes: its mode stays {mode!r}")


def make_durable(db: sqlite3.Connection) -> None:
    """Let each commit of a connection wait until the disk has it."""
    db.execute("pragma synchronous = full")
    db.execute("pragma fullfsync = on")


def _to_wal(db: sqlite3.Connection) -> str:
    """Turn the write-ahead log on; SQLite does not wait here for another process."""
    patient_until = time.monotonic() + PATIENCE
    while True:
        try:
            return str(db.execute("pragma journal_mode = wal").fetchone()[0])
        except sqlite3.OperationalError:
            if time.monotonic() > patient_until:
                raise
            time.sleep(0.01)


def version_of(db: sqlite3.Connection, path: Path, kind: Kind) -> int:
    """The schema of the file; 0 for an empty one."""
    application, version = (
        int(db.execute(f"pragma {name}").fetchone()[0]) for name in ("application_id", "user_version")
    )
    if application == version == 0 and db.execute("select count(*) from sqlite_master").fetchone()[0] == 0:
        return 0
    if application != kind.application:
        raise JournalError(f"{quoted(path)} is a database of another program, not a {kind.noun} of weryai")
    if version < 1:
        raise JournalError(f"{kind.named(path)} is damaged: it says that its schema is {version}")
    if version > kind.schema:
        raise JournalError(
            f"{kind.named(path)} was written by a newer weryai (schema {version}, not {kind.schema}): update weryai"
        )
    return version


class Lock:
    """Keeps a file to one run (`exclusive`), or keeps such a run away; ends with the process, however that ends.

    It is taken at once, or JournalError is raised.
    """

    def __init__(self, path: Path, *, exclusive: bool, kind: Kind) -> None:
        self._place = place = path.with_name(f"{path.name}.lock")
        if network := network_of(path):
            _warn_of_network(kind.named(path), network, exclusive=exclusive)
        try:
            self._handle = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise unusable(path, error, kind) from error
        try:
            _take(self._handle, exclusive=exclusive)
        except OSError as error:
            os.close(self._handle)
            # Some file systems have no locks at all, which nobody has taken then.
            is_taken = isinstance(error, BlockingIOError) or sys.platform == "win32"
            raise (in_use(path, kind, exclusive=exclusive) if is_taken else unusable(path, error, kind)) from error

    def is_held(self) -> bool:
        """Whether the file that is locked is the one that others would lock."""
        try:
            here, there = os.fstat(self._handle), os.stat(self._place)
        except OSError:
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def remove(self) -> None:
        """Give it back and remove its file; who had opened that already sees it by `is_held`."""
        if sys.platform == "win32":
            # There an open file stays, so that this removes none that another has opened.
            self.release()
        with contextlib.suppress(OSError):
            self._place.unlink()
        self.release()

    def release(self) -> None:
        """Give it back; in a forked child that leaves it to the parent. Twice is fine."""
        with contextlib.suppress(OSError):
            os.close(self._handle)
        self._handle = -1


def in_use(path: Path, kind: Kind, *, exclusive: bool) -> JournalError:
    """The error of a file that others keep from whoever wants it, alone or not."""
    whom = "others use it" if exclusive else "a run keeps it to itself"
    return before_sending(JournalError(f"{kind.named(path)} is in use: {whom}"))


def _warn_of_network(file: str, network: str, *, exclusive: bool) -> None:
    told = f"{file} is on a network file system ({network}), where SQLite's locks cannot be relied on"
    if exclusive:
        raise before_sending(JournalError(f"{told}; use a folder of this machine"))
    warn_before_paying(f"{told}; use it from one machine only, or name another with WERYAI_JOURNAL")


def _take(handle: int, *, exclusive: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        # Windows has no shared lock here: who shares the file only looks, for some seconds, whether it is kept.
        msvcrt.locking(handle, msvcrt.LK_NBLCK if exclusive else msvcrt.LK_LOCK, 1)
        if not exclusive:
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)


def network_of(path: Path) -> str | None:
    """The kind of network file system that a path is on, as far as is told (Linux, and Windows shares)."""
    if str(path).startswith("\\\\"):
        return "a network share"
    kind = _type_of(path)
    return kind if kind.startswith(NETWORK) else None


def keeps_inodes(path: Path) -> bool:
    """Whether a file has the same inode when its disk comes back; FAT and exFAT number them anew (told on Linux)."""
    return _type_of(path) not in RENUMBERING


def _type_of(path: Path) -> str:
    try:
        return _kind_of(os.path.realpath(path), MOUNTS.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def _kind_of(path: str, mounts: str) -> str:
    """The type of the innermost mount that holds the path; of several at one place the last."""
    best, kind = "", ""
    for line in mounts.splitlines():
        front, _, back = line.partition(" - ")
        # Spaces in a mount point are written as \040, and so on.
        point = front.split(" ")[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")
        if len(point) >= len(best) and (path == point or path.startswith(point.rstrip("/") + "/")):
            best, kind = point, back.split(" ")[0]
    return kind
