"""The shipped copy of the registry has what the page's newer revision and the tables list; typed by hand."""

from typing import NamedTuple

import pytest

from weryai import bundled_models

ALL = "9:16 1:1 16:9 4:3 3:4 21:9"
THREE = "9:16 1:1 16:9"
TO_15 = tuple(range(4, 16))


class Known(NamedTuple):
    """Seconds; ratios ("" for none, None for unknown); resolutions; sound."""

    durations: tuple[int, ...]
    ratios: str | None
    resolutions: str | None = None
    sound: bool | None = None


KNOWN = {
    "WERYAI_VIDEO_1_0": Known(TO_15, ALL, "480p 720p", False),
    "VEO_3_1": Known((8,), "9:16 16:9", "720p 1080p 4k", True),
    "CHATBOT_VEO_3_1_FAST": Known((8,), "9:16 16:9", None, True),
    "SORA_2": Known((4, 8, 12), "9:16 16:9", None, False),
    "SORA_2_PRO": Known((4, 8, 12), "9:16 16:9", "720p 1080p", False),
    "WERYDANCE_2_0": Known(TO_15, THREE, "480p 720p 1080p", True),
    "WERYDANCE_2_0_FAST": Known(TO_15, THREE),
    "DOUBAO_1_5_PRO": Known((5, 10), ALL, "480p 720p 1080p", True),
    "KLING_V3_0_STA": Known((5, 10, 15), THREE, "", True),
    "KLING_V3_0_PRO": Known((5, 10, 15), THREE, "", True),
    "KLING_V2_6_PRO": Known((5, 10), "", "", True),
    "KLING_O1": Known((5, 10), THREE),
    "VIDU_Q3": Known((5, 10, 15), "9:16 3:4 1:1 4:3 16:9", "360p 540p 720p 1080p", True),
    "WAN_2_6": Known((5, 10, 15), "", None, False),
    "VEO_3": Known((8,), "9:16 16:9", None, True),
    "VEO_3_FAST": Known((8,), "9:16 16:9", None, True),
    "PIKA_2_2": Known((5, 10), "", None, False),
    "PIXVERSE_V6": Known(tuple(range(1, 16)), ""),
    "HAILUO_2_3_STA_FAST": Known((6, 10), ""),
    "HAILUO_2_3_PRO_FAST": Known((5,), ""),
    "HAILUO_2_3_STA": Known((6, 10), ""),
    "DOUBAO_1_LITE": Known((5, 10), ALL, "480p 720p", False),
    "DOUBAO": Known((5, 10), ALL, "480p 720p 1080p", False),
    "DOUBAO_1_PRO_FAST": Known((5, 10), ALL, "480p 720p 1080p", False),
    "KLING_V2_5_TURBO": Known((), None, None, False),
    "DREAMINA_3_PRO": Known((), None, None, False),
    "DREAMINA_3": Known((), None, None, False),
    **dict.fromkeys(
        ("HAILUO_2_3_PRO", "RUNWAY_4_5", "RUNWAY", "WAN_2_5", "KLING_V2_1", "KLING_V2_1_MASTER", "KLING_V2_1_PRO"),
        Known((), None),
    ),
}


def words(text: str | None) -> set[str] | None:
    """The words of a cell of the table."""
    return None if text is None else set(text.split())


def test_no_model_is_missing() -> None:
    """The copy lists exactly these models."""
    assert {model.key for model in bundled_models()} == set(KNOWN)


@pytest.mark.parametrize("key", KNOWN)
def test_what_is_known_of_a_model(key: str) -> None:
    """Lengths, ratios, resolutions and sound of a model are those of its sources, unknown where they are silent."""
    model = next(one for one in bundled_models() if one.key == key)
    known = KNOWN[key]
    assert model.durations == known.durations
    assert (None if model.aspect_ratios is None else set(model.aspect_ratios)) == words(known.ratios)
    assert (None if model.resolutions is None else set(model.resolutions)) == words(known.resolutions)
    assert model.has_generate_audio is known.sound
