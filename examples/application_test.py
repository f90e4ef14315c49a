"""Test an application that makes videos, in CI, without a key: pytest application_test.py.

With `pip install "weryai[testing]"` pytest has the fixture `weryai_emulator`. Waiting takes no time.
"""

import pytest

import weryai


def greet(name: str) -> str:
    """Stand for your application: it has no idea that it is tested."""
    client = weryai.WeryAI()
    return client.image_to_video.generate("photo.jpg", prompt=f"{name} waves", output=f"{name}.mp4").path.name


def test_a_video_is_paid_for_once_although_the_service_is_busy(weryai_emulator):
    """A refusal is tried again, and only one submission is accepted."""
    weryai_emulator.order("rate-limit", times=2)
    assert greet("Ada") == "Ada.mp4"
    weryai_emulator.assert_submitted_once()


def test_a_lost_response_is_never_paid_for_again(weryai_emulator):
    """The application hears that it may have been billed; nothing repeats the request."""
    weryai_emulator.order("cut-reply", at="submit")
    with pytest.raises(weryai.OutcomeUnknownError):
        greet("Ada")
    assert [job.posts for job in weryai_emulator.ledger] == [1]
