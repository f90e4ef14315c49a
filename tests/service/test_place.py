"""What counts as this machine, and so gets the full suite, is decided on the letters of an address alone."""

import pytest

from weryai.contract._live import LIVE_URL, place_of
from weryai.contract._record import WrongUseError

HERE = [
    "http://127.0.0.1:8765",
    "http://127.0.0.1",
    "http://127.0.0.1:8765/",
    "https://127.0.0.1:8443",
    "http://127.255.0.3:1",
    "http://[::1]:8765",
    "http://localhost:8765",
]
ELSEWHERE = [
    "https://api.weryai.com",
    "https://api.weryai.com/",
    "https://127.0.0.1.evil.com",
    "https://localhost.evil.com:8765",
    "https://127.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0.0.0.0",
    "https://10.0.0.1",
    "https://localhost.localdomain",
    "https://127-0-0-1.evil.com",
]
REFUSED = [
    "http://127.0.0.1@evil.com",
    "http://127.0.0.1:80@evil.com",
    "http://localhost:8765@evil.com",
    "http://user:secret@127.0.0.1",
    "https://user@api.weryai.com",
    "http://127.0.0.1.evil.com",
    "http://localhost.evil.com",
    "http://127.0.0.1#@evil.com",
    "http://127.0.0.1?x=@evil.com",
    "http://127.0.0.1/../path",
    "http://127.0.0.1/path?x=1",
    "http://127.0.0.1//evil.com",
    "http://127.0.0.1/%2e%2e",
    "http://127.0.0.1\\@evil.com",
    "http://127.0.0.1\t.evil.com",
    "http://127.0.0.1\n",
    " http://127.0.0.1",
    "http://127.1",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://0177.0.0.1",
    "http://127.0.0.01",
    "http://127.0.0.256",
    "http://0.0.0.0:8765",
    "http://[::]:8765",
    "http://[::ffff:127.0.0.1]",
    "http://[::1%25lo]",
    "http://LOCALHOST",
    "http://localhost.",
    "http://loca\u217chost",
    "http://\uff11\uff12\uff17.0.0.1",
    "http://127.0.0.1:\u0668\u0660",
    "http://127.0.0.1:0",
    "http://127.0.0.1:65536",
    "http://127.0.0.1:",
    "https://api.weryai.com:99999",
    "http://api.weryai.com",
    "https://API.weryai.com",
    "https://api.weryai.com/v1",
    "ftp://127.0.0.1",
    "https://a..b",
    "https://xn--a",
    "https://xn--zzzz99999.com",
    f"https://{'a' * 64}.com",
    "//127.0.0.1",
    "127.0.0.1:8765",
    "",
]


def test_a_refusal_names_what_is_wrong() -> None:
    """Only a port that is none is told as one: whoever forgot http:// reads what a URL has to be."""
    for url in REFUSED:
        with pytest.raises(WrongUseError) as refused:
            place_of(url)
        assert ("has no port" in str(refused.value)) is url.endswith((":0", ":65536", ":99999")), url


def test_a_test_system_has_any_name() -> None:
    """Names of containers, with an underscore too, and of one label."""
    for url in ("http://my_mock:80", "http://mock", "http://host.docker.internal:8080/base", "https://a-1.b_c.test"):
        assert place_of(url, is_test_system=True).is_here


@pytest.mark.parametrize("url", HERE)
def test_literal_loopback_is_here(url: str) -> None:
    """127.0.0.0/8, ::1 and localhost, written so, are this machine."""
    assert place_of(url).is_here
    assert not place_of(url).url.endswith("/")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_everything_else_is_elsewhere(url: str) -> None:
    """A name that only looks like this machine, or another spelling of its number, gets the live set."""
    assert not place_of(url).is_here


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_ambiguous_is_refused(url: str) -> None:
    """Users, paths, odd signs and plain http to elsewhere are refused with a sentence, before anything is sent."""
    with pytest.raises(WrongUseError, match="URL="):
        place_of(url)


def test_the_key_of_one_host_goes_to_no_other() -> None:
    """Only at the real service the registry has a host of its own; anywhere else all requests stay on one."""
    registry = "/growthai/v1/video/models"
    assert place_of(LIVE_URL).url_of(registry) == f"https://api-growth-agent.weryai.com{registry}"
    assert place_of("https://staging.example.com").url_of(registry) == f"https://staging.example.com{registry}"
    assert place_of("http://127.0.0.1:1").url_of(registry) == f"http://127.0.0.1:1{registry}"
