"""Addresses are checked as RFC 3986 has them, before the service is paid to refuse them."""

import pytest

from weryai import InvalidInputError
from weryai._protocol.contract import check_request

BODY = {"model": "M", "prompt": "p", "duration": 5}


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/reference.jpg",
        "HTTP://EXAMPLE.COM:8080/a%20b/c.jpg?size=1&x=[#top".replace("[", "%5B"),
        "http://[::1]:80/x.png",
        "https://user:pass@example.com",
        "https://example.com?a/b?c#d/e?f",
    ],
)
def test_an_address_is_accepted(address: str) -> None:
    """Whatever RFC 3986 allows with a host is accepted."""
    check_request("ImageToVideoRequest", {**BODY, "image": address})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "photo.jpg",
        "ftp://example.com/a.jpg",
        "https://",
        "https:///a.jpg",
        "https://exa mple.com/a.jpg",
        "https://example.com/a b.jpg",
        "https://example.com/ä.jpg",
        "https://example.com/%zz.jpg",
        "http://b/[",
        "http://a?[",
        "http://a##",
        "http://@@x",
        "https://example.com:123456/",
        "https://example.com/a.jpg\n",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Spaces, half escapes, stray brackets and missing hosts are named before anything is sent."""
    with pytest.raises(InvalidInputError, match="image"):
        check_request("ImageToVideoRequest", {**BODY, "image": address})
