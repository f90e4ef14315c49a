"""What the service cannot fetch is refused, or told, before anything is paid for."""

import pytest

from fakes.surroundings import JOURNEY_KEY
from weryai import InvalidInputError, WeryAI, WeryAIWarning

SERVICE = "https://api.weryai.com"
PUBLIC = [
    "https://example.com/a.jpg", "http://8.8.8.8/a.jpg", "https://[2606:4700::1111]/a.jpg", "https://face.cafe/a.jpg",
    "https://localhost.example.com/a.jpg", "https://127.0.0.1.nip.io/a.jpg",
]  # fmt: skip
PRIVATE = [
    "http://localhost/a.jpg", "HTTP://LOCALHOST:8000/a.jpg", "http://localhost./a.jpg", "http://127.0.0.1/a.jpg",
    "http://127.1/a.jpg", "http://2130706433/a.jpg", "http://0x7f.1/a.jpg", "http://[::1]:80/a.jpg",
    "http://[::ffff:10.0.0.1]/a.jpg", "https://10.0.0.1/a.jpg", "https://192.168.1.4:81/a.jpg", "http://0.0.0.0/a.jpg",
    "http://169.254.169.254/a.jpg", "http://100.64.0.1/a.jpg", "http://nas/a.jpg", "https://nas.local/a.jpg",
    "http://me:word@localhost/a.jpg",
]  # fmt: skip


def prepared(image: str, base_url: str, **options: object) -> str:
    """Return the image that a client of a service would send."""
    with WeryAI(JOURNEY_KEY, base_url=base_url) as client:
        return str(client.image_to_video.prepare(image, prompt="Wave", **options).body["image"])  # type: ignore[arg-type]


@pytest.mark.parametrize("image", PRIVATE)
def test_an_image_on_a_private_host_is_refused(image: str) -> None:
    """The public service cannot fetch it, so it is refused; a private service can, and validate=False sends it."""
    with pytest.raises(InvalidInputError, match=r"^image must be where the service can fetch it.*pass the file itself"):
        prepared(image, SERVICE)
    assert prepared(image, "http://127.0.0.1:9") == image
    assert prepared(image, SERVICE, validate=False) == image


@pytest.mark.parametrize("image", PUBLIC)
def test_an_image_on_a_public_host_is_taken(image: str) -> None:
    """A name that only looks private, and an address of the public network, are sent."""
    assert prepared(image, SERVICE) == image


def test_each_image_of_several_is_looked_at() -> None:
    """A last frame and an image in a list are refused with their place in the request."""
    good, bad = PUBLIC[0], PRIVATE[0]
    with WeryAI(JOURNEY_KEY, base_url=SERVICE) as client:
        with pytest.raises(InvalidInputError, match=r"^images\.1 must be where"):
            client.multi_image_to_video.prepare([good, bad], prompt="Wave")
        with pytest.raises(InvalidInputError, match=r"^end_pic_url must be where"):
            client.first_last_frame.prepare(good, bad, prompt="Wave")


def test_a_webhook_that_never_comes_is_told() -> None:
    """A webhook URL on a private host is a warning, for the wait does not depend on it; at the emulator it is none."""
    with pytest.warns(WeryAIWarning, match="webhook_url is at localhost, which the service cannot reach"):
        prepared(PUBLIC[0], SERVICE, webhook_url="http://localhost:8000/hook")
    assert prepared(PUBLIC[0], "http://localhost:9", webhook_url="http://localhost:8000/hook")
