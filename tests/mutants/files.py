"""Mistakes in what is stored and what is read from disk: videos, their names, and images."""

from .edits import Lose, Swap
from .mutant import Edit, Mutant

VIDEO, NAMES, DOWNLOAD, IMAGE = ("test_video",), ("test_names",), ("test_download",), ("test_image_structure",)
STORING = ("test_storing_videos",)


def stored(name: str, edit: Edit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in the files of the client."""
    return Mutant(f"overlay.files.{name}", edit, claim, first)


FILES = [
    stored("index", Lose("_mp4_suffix", item="b'moov' not in kinds"), "a video without an index is one", VIDEO),
    stored("cut", Lose("_boxes", item="start + length > end"), "a video that was cut is whole", VIDEO),
    stored("sound", Swap("_mp4_suffix", old="b'vide' not in A", new="not A"), "a sound is a video", VIDEO),
    stored("fragments", Swap("_mp4_suffix", old="A[-1] == b'moof'", new="False"), "half a fragment is whole", VIDEO),
    stored("tracks", Lose("_matroska_suffix", item="_TRACKS"), "a WebM without tracks is a video", VIDEO),
    stored(
        "page",
        Swap("Target.is_complete", old="self._validates and not A", new="False"),
        "a page is asked for without end",
        DOWNLOAD,
    ),
    stored("same-part", Lose("Target._fits", item="not self._is_same(A)"), "two files are glued together", DOWNLOAD),
    stored(
        "half-gzip",
        Swap("Target.is_complete", old="not self._unpacking.eof", new="False"),
        "half a gzip is whole",
        DOWNLOAD,
    ),
    stored("growth", Swap("MOST_GROWTH", old="8", new="8000"), "a bomb fills the disk", DOWNLOAD),
    stored("chosen", Swap("prepare", old="A is None or B", new="False"), "a name that we chose replaces a file", NAMES),
    stored("claim", Swap("_rename_claimed", old="os.path.lexists(A)", new="False"), "a file is replaced", NAMES),
    stored("marks", Swap("_is_plain", old="A.startswith('M')", new="False"), "letters lose their marks", NAMES),
    stored("found-again", Swap("JobRunner._is_stored", old="return True"), "a video is fetched twice", STORING),
    stored(
        "jpeg-end", Swap("_of_jpeg", old="A == 217", new="A == 216"), "an image is whole where another begins", IMAGE
    ),
    stored("png-sum", Lose("_of_png", item="kind in _CHECKED"), "a picture with an odd remark is damaged", IMAGE),
    stored(
        "stream",
        Swap("_pieces", old="not A", new="len(A) < left"),
        "a stream is cut at its first pause",
        ("test_picture",),
    ),
]
