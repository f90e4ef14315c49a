"""The worker's arithmetic: ratios, sizes, and the part of the picture that is seen."""

import pytest

from weryai.emulator._video.render import video_size, visible_part, wanted_ratio


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        (16 / 9, (640, 360)),
        (9 / 16, (360, 640)),
        (1, (480, 480)),
        (4 / 3, (480, 360)),
        (3 / 4, (360, 480)),
        (21 / 9, (840, 360)),
        (9 / 21, (360, 840)),
        (4, (848, 212)),
        (1000, (848, 212)),
        (1 / 1000, (212, 848)),
        (1.0001, (480, 480)),
        (1.5, (540, 360)),
    ],
)
def test_sizes(ratio: float, size: tuple[int, int]) -> None:
    """The short side is 360, the long side at most 848, a square 480; both are even."""
    assert video_size(ratio) == size


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("16:9", 16 / 9),
        ("9:16", 9 / 16),
        ("1:1", 1),
        ("2.35:1", 2.35),
        ("4:1", 4),
        ("5:1", None),
        ("1:5", None),
    ]
    + [(text, None) for text in ("", "auto", "16", "16:0", "0:9", "-16:9", "-16:-9", "1:2:3", "nan:1", "inf:1")],
)
def test_ratios(text: str, ratio: float | None) -> None:
    """W:H is a ratio from 1:4 to 4:1; anything else is none."""
    assert wanted_ratio(text) == ratio


@pytest.mark.parametrize(
    ("size", "ratio", "part"),
    [
        ((512, 512), 16 / 9, (512, 288, 0, 0)),
        ((1600, 900), 16 / 9, (1600, 900, 0, 0)),
        ((2000, 900), 16 / 9, (1600, 900, 200, 0)),
        ((900, 1600), 16 / 9, (900, 506, 0, 147)),
        ((1600, 900), 9 / 16, (506, 900, 547, 0)),
        ((1, 1), 16 / 9, (1, 1, 0, 0)),
        ((3, 1000), 16 / 9, (3, 2, 0, 249)),
    ],
)
def test_visible_part(size: tuple[int, int], ratio: float, part: tuple[int, int, int, int]) -> None:
    """What is too wide is cut on both sides alike; what is too tall keeps the middle of its upper half."""
    assert visible_part(*size, ratio) == part
