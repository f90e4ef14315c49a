"""Whether a path is on another machine, where SQLite's locks cannot be relied on."""

from __future__ import annotations

import os
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# SQLite's write-ahead log needs memory that all its users share, which no file system between machines gives.
NETWORK = ("nfs", "cifs", "smb", "ncpfs", "afs", "9p", "ceph", "lustre", "glusterfs", "gpfs", "beegfs", "fuse.sshfs",
           "fuse.gluster", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.goofys")  # fmt: skip

# A memory card or a stick; "fuseblk" may be one as well.
RENUMBERING = ("msdos", "vfat", "exfat", "fuse.exfat", "fuse.exfat-fuse", "fuseblk")


def network_of(path: Path) -> str | None:
    """The kind of network file system that a path is on, as far as the system tells (Linux, and Windows shares)."""
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
    """The type of the innermost mount that holds the path; the last of several at one place covers the others."""
    best, kind = "", ""
    for line in mounts.splitlines():
        front, _, back = line.partition(" - ")
        # Spaces in a mount point are written as \040, and so on.
        point = front.split(" ")[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")
        if len(point) >= len(best) and (path == point or path.startswith(point.rstrip("/") + "/")):
            best, kind = point, back.split(" ")[0]
    return kind
