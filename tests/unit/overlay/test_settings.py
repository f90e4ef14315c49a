"""Key, addresses and time limits: what is taken from where, and what is refused."""

import re
from typing import Any

import httpx
import pytest

from weryai import AsyncWeryAI, RetryPolicy, WeryAI
from weryai._settings import BASE_URL, MODELS_BASE_URL, TIMEOUT, Settings, is_loopback, make_settings, origin
from weryai.errors import ConfigurationError

ENVIRONMENT = ("WERYAI_API_KEY", "WERYAI_BASE_URL", "WERYAI_MODELS_BASE_URL")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Start with none of our variables set."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def made(**given: Any) -> Settings:
    """Make settings with a key and defaults for the rest."""
    return make_settings(given.pop("api_key", "sk-x"), **given)


LOOPBACK = {
    "127.0.0.1": True,
    "127.1.2.3": True,
    "localhost": True,
    "::1": True,
    "localhost.evil.com": False,
    "127.0.0.1.evil.com": False,
    "evil.com": False,
    "10.0.0.1": False,
    "0.0.0.0": False,
    "::": False,
    "127.0.0.1@evil.com": False,
    "2130706433": False,
    "": False,
}


@pytest.mark.parametrize(("host", "expected"), LOOPBACK.items())
def test_which_hosts_are_this_machine(host: str, expected: bool) -> None:
    """Only loopback addresses and the very word localhost are this machine."""
    assert is_loopback(host) is expected


ADDRESSES = {
    "https://api.weryai.com": True,
    "https://proxy.example.com/weryai/": True,
    "HTTPS://API.example.com": True,
    "https://api.weryai.com:8443": True,
    "http://127.0.0.1:8000": True,
    "http://localhost": True,
    "http://[::1]:8000": True,
    " https://api.weryai.com ": True,
    "http://api.weryai.com": False,
    "http://localhost.evil.com": False,
    "http://127.0.0.1.evil.com": False,
    "http://127.0.0.1@evil.com": False,
    "https://user:secret@api.weryai.com": False,
    "https://user@api.weryai.com": False,
    "https://:secret@api.weryai.com": False,
    "https://api.weryai.com?key=1": False,
    "https://api.weryai.com#x": False,
    "ftp://api.weryai.com": False,
    "api.weryai.com": False,
    "https://": False,
    "https://api.weryai.com:99999": False,
    "https://[::1": False,
    "https://api.weryai.com:port": False,
}


@pytest.mark.parametrize("name", ["base_url", "models_base_url"])
@pytest.mark.parametrize(("url", "accepted"), ADDRESSES.items())
def test_which_addresses_the_key_may_go_to(url: str, accepted: bool, name: str) -> None:
    """Allow https anywhere, plain http only here; no user info, query or fragment; a refusal tells no secret."""
    if accepted:
        assert not getattr(made(**{name: url}), name).endswith("/")
    else:
        with pytest.raises(ConfigurationError, match=name) as caught:
            made(**{name: url})
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (httpx.URL("https://api.example.com"), "string, not URL: str()"), (b"https://api.example.com", "not bytes"),
        (5, "not int"), ("https://exam\nple.com", "copied whole"), ("https://example.com/\tv1", "copied whole"),
        ("https://exa mple.com", "copied whole"), ("https://example.com/\0", "copied whole"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_address_says_why(url: Any, words: str) -> None:
    """A URL object names its remedy; what would fail, or go without the key, at the first request fails now."""
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        make_settings("sk-example", base_url=url)


@pytest.mark.parametrize("hosts", [5, True, b"emulator", object()], ids=["5", "True", "bytes", "object"])
def test_private_hosts_are_names(hosts: Any) -> None:
    """Anything that holds no names is refused, not met as an error of Python."""
    with pytest.raises(ConfigurationError, match="private_hosts must be names of hosts"):
        make_settings("sk-example", private_hosts=hosts)


@pytest.mark.parametrize(
    "url", [f"{BASE_URL}/v1", f"{BASE_URL}/v1/", f"{MODELS_BASE_URL}/x", "https://API.weryai.com:443/v1"]
)
def test_the_public_service_has_no_path_before_its_own(url: str) -> None:
    """Its base URL with /v1, as other services have theirs, is refused at once; elsewhere a path may be a gateway's."""
    with pytest.raises(ConfigurationError, match="alone: paths such as /v1 are added"):
        make_settings("sk-example", base_url=url)
    for elsewhere in ("https://gateway.example.com/v1", f"{BASE_URL}.example/v1"):
        assert make_settings("sk-example", base_url=elsewhere).base_url == elsewhere


@pytest.mark.parametrize(
    "named", ["emulator:8765", "http://emulator:8765/", "Emulator", "[fd00::5]:8765", "fd00::5", "10.0.0.7:80"]
)
def test_a_private_host_may_be_named_with_its_port(named: str) -> None:
    """As it stands in a base URL, with scheme and port, a host is named as well."""
    host = "[fd00::5]" if "fd00" in named else "10.0.0.7" if "10." in named else "emulator"
    url = f"http://{host}:8765"
    assert make_settings("sk-example", base_url=url, private_hosts=[named]).base_url == url


def test_the_public_service_is_the_default() -> None:
    """Without argument and environment both public hosts are used."""
    assert (made().base_url, made().models_base_url) == (BASE_URL, MODELS_BASE_URL)
    assert (BASE_URL, MODELS_BASE_URL) == ("https://api.weryai.com", "https://api-growth-agent.weryai.com")


def test_a_minute_of_silence_is_the_default() -> None:
    """Left alone, both clients take a request for lost after 60 seconds without a sign of life, not earlier."""
    assert TIMEOUT == 60.0
    for client in (WeryAI, AsyncWeryAI):
        assert client("sk-x", base_url="http://127.0.0.1:1")._settings.timeout == 60.0


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ({}, {"WERYAI_BASE_URL": "https://e"}, ("https://e", "https://e")),
        ({}, {"WERYAI_MODELS_BASE_URL": "https://m"}, (BASE_URL, "https://m")),
        ({}, {"WERYAI_BASE_URL": "https://e", "WERYAI_MODELS_BASE_URL": "https://m"}, ("https://e", "https://m")),
        ({"base_url": "https://a"}, {}, ("https://a", "https://a")),
        ({"base_url": "https://a"}, {"WERYAI_BASE_URL": "https://e"}, ("https://a", "https://a")),
        ({"base_url": "https://a"}, {"WERYAI_MODELS_BASE_URL": "https://m"}, ("https://a", "https://a")),
        ({"base_url": "https://a", "models_base_url": "https://b"}, {}, ("https://a", "https://b")),
        ({"models_base_url": "https://b"}, {"WERYAI_BASE_URL": "https://e"}, ("https://e", "https://b")),
        ({}, {"WERYAI_BASE_URL": ""}, (BASE_URL, MODELS_BASE_URL)),
    ],
)
def test_argument_before_environment_before_default(
    bare: pytest.MonkeyPatch, arguments: dict[str, str], environment: dict[str, str], expected: tuple[str, str]
) -> None:
    """An argument outranks the environment, and the models host follows the base URL unless it is named."""
    for name, value in environment.items():
        bare.setenv(name, value)
    settings = made(**arguments)
    assert (settings.base_url, settings.models_base_url) == expected


def test_the_key_comes_from_the_argument_or_the_environment(bare: pytest.MonkeyPatch) -> None:
    """The argument outranks WERYAI_API_KEY; a function is asked each time; spaces around a key are dropped."""
    bare.setenv("WERYAI_API_KEY", " sk-env\n")
    assert made(api_key=None).key() == "sk-env"
    assert made(api_key="sk-arg").key() == "sk-arg"
    keys = iter(["sk-1", "sk-2"])
    rotating = made(api_key=lambda: next(keys))
    assert [rotating.key(), rotating.key()] == ["sk-1", "sk-2"]


@pytest.mark.parametrize("value", [None, "", "   "])
def test_no_key_says_where_to_get_one(bare: pytest.MonkeyPatch, value: str | None) -> None:
    """Without a key the error names the variable and the page where keys are made."""
    if value is not None:
        bare.setenv("WERYAI_API_KEY", value)
    with pytest.raises(ConfigurationError, match=r"WERYAI_API_KEY.*https://www\.weryai\.com/api/keys"):
        made(api_key=None)


BAD_KEYS = [
    "",
    " ",
    "Bearer sk-secret",
    "bearer sk-secret",
    "sk-sec ret",
    "sk-secret\nX-Evil: 1",
    "sk-sécret",
    "sk\x00secret",
]


@pytest.mark.parametrize("key", [*BAD_KEYS, b"sk-secret", 5, ["sk-secret"]], ids=repr)
def test_an_impossible_key_is_refused_without_being_shown(key: Any) -> None:
    """A key that cannot be one is a ConfigurationError, at once or when it is asked for, and is never shown."""
    with pytest.raises(ConfigurationError) as caught:
        made(api_key=key)
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigurationError) as asked:
        made(api_key=lambda: key).key()
    assert "secret" not in str(asked.value)


def test_a_failing_key_function_does_not_tell_its_words() -> None:
    """What a key function raises may hold the key, so only its class is in our message."""

    def broken() -> str:
        raise LookupError("sk-secret")

    with pytest.raises(ConfigurationError, match="LookupError") as caught:
        made(api_key=broken).key()
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, 86_400, float("nan"), float("inf"), "60", True, None])
def test_an_impossible_timeout_is_refused(timeout: Any) -> None:
    """A timeout is a number of seconds above 0 and below a day."""
    with pytest.raises(ConfigurationError, match="timeout"):
        made(timeout=timeout)


def test_retry_is_a_policy() -> None:
    """Anything but a RetryPolicy is refused with the way to switch repeating off."""
    assert made(retry=RetryPolicy(tries=1)).retry.tries == 1
    for wrong in (3, "never", False):
        with pytest.raises(ConfigurationError, match=r"RetryPolicy\(tries=1\)"):
            made(retry=wrong)


def test_settings_never_show_the_key() -> None:
    """The key is in no repr of the settings."""
    assert "sk-secret" not in repr(made(api_key="sk-secret"))


def test_the_origins_that_get_the_key() -> None:
    """The key goes to both hosts by scheme, host and port, where the scheme's own port may be left out."""
    settings = made(base_url="https://a.example", models_base_url="http://127.0.0.1:81")
    assert settings.origins == {("https", "a.example", 443), ("http", "127.0.0.1", 81)}
    assert origin("HTTPS://A.example:443/x") == ("https", "a.example", 443)
    assert origin("https://a.example.evil.com") not in settings.origins
