"""An upload sends a picture under a name that fits it, and takes only an address for its answer."""

from typing import Any

import pytest

from fakes.pictures import JPEG, WEBP, png
from fakes.playing import play, reply, upload
from weryai._protocol.envelope import read_envelope
from weryai._resources.account import read_credits
from weryai.errors import ContractError

PICTURES = {
    ".jpg": (JPEG, "image/jpeg"),
    ".png": (png(1, 1), "image/png"),
    ".webp": (WEBP, "image/webp"),
}
ADDRESS = "https://static.weryai.com/p.png"
STORED = reply({"status": 0, "data": {"object_url_list": [ADDRESS]}})


@pytest.mark.parametrize("suffix", PICTURES)
def test_name_and_type_follow_from_the_content(suffix: str) -> None:
    """The service compares the content with the name's suffix, so each kind of picture has its own."""
    content, media_type = PICTURES[suffix]
    (effect,) = play(upload(content), STORED).sent
    parts = dict(effect.request["files"])  # type: ignore[union-attr]
    name, file, kind = parts["file"]
    assert (name, file.read(), kind) == (f"picture{suffix}", content, media_type)


@pytest.mark.parametrize(
    "listed",
    [["weryai_123.png", ADDRESS], [f" {ADDRESS} "], ["http://?p", ADDRESS], [None, 7, ADDRESS, "https://second"]],
)
def test_the_first_address_is_taken(listed: list[Any]) -> None:
    """What is no address cannot be ordered with, so it is passed over."""
    assert (
        play(upload(PICTURES[".png"][0]), reply({"status": 0, "data": {"object_url_list": listed}})).result == ADDRESS
    )


@pytest.mark.parametrize(
    "listed", [["weryai_123.png"], [], None, "https://x", [None], ["https://"], ["https:///p.png"]]
)
def test_an_answer_without_an_address_is_said(listed: Any) -> None:
    """A success that names no address is an answer that cannot be used."""
    played = play(upload(PICTURES[".png"][0]), reply({"status": 0, "data": {"object_url_list": listed}}))
    assert isinstance(played.error, ContractError)


@pytest.mark.parametrize("credits", [10**400, -(10**400), "1e999", "nan", True, None, [5]], ids=lambda it: str(it)[:9])
def test_credits_that_are_no_number_are_said(credits: Any) -> None:
    """A balance beyond any number is an answer that cannot be used, and no other error, least of all after paying."""
    with pytest.raises(ContractError, match="no number of credits"):
        read_credits(read_envelope(reply({"status": 0, "data": {"balance": credits}})))
