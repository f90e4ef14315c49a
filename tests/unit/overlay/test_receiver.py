"""The receiver: whom it believes, what is new to it, what it remembers, and what it never shows."""

import copy
import pickle
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.datastructures import URL as StarletteURL
from starlette.datastructures import QueryParams

import weryai._webhooks
from fakes.hooks import SECRET, delivery
from weryai import ConfigurationError, WebhookError, WeryAIError
from weryai.webhooks import Receiver, read_delivery

URL = "https://you.example/hooks"
ODD = "späce + & = ? # % / 秘密 and more"


def answered(url: str = URL, **options: Any) -> tuple[Receiver, str]:
    """A receiver and its own address."""
    made = Receiver(url, **{"secret": SECRET, **options})
    return made, made.callback_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, f"{URL}?weryai_secret=0123456789abcdef"),
        (f"{URL}/?", f"{URL}/?weryai_secret=0123456789abcdef"),
        (f"{URL}?a=1&b=%20x&a=2", f"{URL}?a=1&b=%20x&a=2&weryai_secret=0123456789abcdef"),
        ("HTTP://127.0.0.1:8000", "HTTP://127.0.0.1:8000?weryai_secret=0123456789abcdef"),
        ("https://[::1]:8/x", "https://[::1]:8/x?weryai_secret=0123456789abcdef"),
    ],
)
def test_the_callback_address_keeps_what_was_there(url: str, expected: str) -> None:
    """The secret joins the query of the address, which is otherwise left as it is."""
    assert Receiver(url, secret="0123456789abcdef").callback_url == expected


@pytest.mark.parametrize(
    "url",
    ["ftp://you.example/", "you.example/hooks", "", "https://", "https:///x", "https://you.example/a b",
     f"{URL}#part", f"{URL}?weryai_secret=mine", f"{URL}?a=1&weryai_secret=", "https://you.example/\n", None, 5, b"x"],
)  # fmt: skip
def test_an_address_that_cannot_be_posted_to_is_refused(url: Any) -> None:
    """Only http and https, with a host, no fragment and no other secret; the sentence is about the address."""
    with pytest.raises(ConfigurationError, match="the URL of a webhook"):
        Receiver(url, secret=SECRET)


@pytest.mark.parametrize(
    "secret", ["", "hunter2", "x" * 15, "x" * 257, " " * 20, f" {SECRET}", "a\nb" * 9, 5, b"x" * 20]
)
def test_a_secret_that_could_be_guessed_is_refused(secret: Any) -> None:
    """A secret has 16 to 256 printable characters; the refusal does not repeat it."""
    with pytest.raises(ConfigurationError, match="the secret of a webhook must") as caught:
        Receiver(URL, secret=secret)
    assert not secret or str(secret) not in str(caught.value)


def test_a_secret_that_was_not_given_is_made() -> None:
    """Each receiver without one makes its own, of at least 32 random bytes."""
    queries = [parse_qs(urlsplit(Receiver(URL).callback_url).query)["weryai_secret"] for _ in range(2)]
    assert queries[0] != queries[1]
    assert [values for values in queries if not (len(values) == 1 and len(values[0]) >= 43)] == []


@pytest.mark.parametrize("secret", [SECRET, ODD, "x" * 16, "%41" * 8, "+" * 16])
def test_the_own_address_is_known_in_every_form(secret: str) -> None:
    """The whole address, its path, its query, with or without question mark, as text or bytes, with more beside it."""
    made, url = answered(f"{URL}?tenant=7", secret=secret)
    query = url.partition("?")[2]
    encoded = query.replace("weryai_secret", "weryai%5Fse%63ret")
    forms = (url, f"/hooks?{query}", query, encoded, f"?{query}", f"{query}&more=1", f"{url}#part")
    for number, address in enumerate([*forms, *(form.encode() for form in forms)]):
        assert made.receive(delivery(f"t{number}"), address), address


def test_the_address_is_taken_as_frameworks_have_it() -> None:
    """A URL object, such as Starlette's `request.url`, and the query's fields, single or as lists, are addresses."""
    made, url = answered()
    fields = parse_qs(urlsplit(url).query)
    forms = [
        httpx.URL(url), StarletteURL(url), QueryParams(urlsplit(url).query), fields,
        {name: values[0] for name, values in fields.items()},
    ]  # fmt: skip
    assert [bool(made.receive(delivery(f"t{number}"), one)) for number, one in enumerate(forms)] == [True] * 5
    wrong = [{}, {"weryai_secret": None}, {"weryai_secret": [SECRET, SECRET]}, {"weryai_secret": []}, StarletteURL("/")]
    assert [made.knows(one) for one in wrong] == [False] * 5


@pytest.mark.parametrize(
    "query",
    ["", "weryai_secret", "weryai_secret=", "weryai_secret=0123456789abcde", "weryai_secret=0123456789abcdef0",
     "weryai_secret=0123456789ABCDEF", "secret=0123456789abcdef", "0123456789abcdef", "xweryai_secret=0123456789abcdef",
     "weryai_secret=0123456789abcdef&weryai_secret=0123456789abcdef", "weryai_secret=%00", "weryai_secret=\udcff",
     "weryai_secret=%ff%fe", b"\xff\xfe", None, 5],
)  # fmt: skip
def test_anything_else_is_refused(query: Any) -> None:
    """A delivery without the very secret, given once, is a WebhookError, and nothing is remembered of it."""
    made = Receiver(URL, secret="0123456789abcdef")
    with pytest.raises(WebhookError, match="does not hold the secret") as caught:
        made.receive(delivery(), query)
    assert "0123456789abcdef" not in str(caught.value)
    assert made.receive(delivery(), made.callback_url)


def test_a_mapping_may_have_keys_of_any_kind() -> None:
    """A delivery that a framework has read already is read or refused, whatever else its mapping holds."""
    (event,) = read_delivery({1: 2, "data": {None: 3, "task_id": "t1", "task_status": "succeed"}})
    assert event.task_id == "t1"
    with pytest.raises(WebhookError):
        read_delivery({1: 2})


def test_the_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every guess goes through the comparison whose time does not tell how much of it was right, an absent one too."""
    compared: list[bytes] = []
    sleep_for = weryai._webhooks.secrets.compare_digest

    def compare(guess: bytes, secret: bytes) -> bool:
        compared.append(guess)
        return sleep_for(guess, secret)

    monkeypatch.setattr(weryai._webhooks.secrets, "compare_digest", compare)
    made, url = answered()
    assert [made.knows(one) for one in (url, f"{url}x", "")] == [True, False, False]
    assert compared == [SECRET.encode(), f"{SECRET}x".encode(), b""]


@pytest.mark.parametrize(
    ("words", "news"),
    [
        ("succeed succeed SUCCESS Completed", [True, False, False, False]),
        ("waiting processing succeed", [True, True, True]),
        ("succeed processing waiting", [True, False, False]),
        ("failed running FAILED error", [True, False, False, False]),
        ("processing waiting processing failed", [True, False, False, True]),
        ("failed succeed failed succeed", [True, True, False, False]),
        ("published succeed published", [True, True, False]),
    ],
)
def test_repeats_and_late_comers_are_dropped(words: str, news: list[bool]) -> None:
    """What is new is told once; an ended task never goes back, though a contrary end is told, once."""
    made, url = answered()
    assert [bool(made.receive(delivery(word=word, videos=[]), url)) for word in words.split()] == news


def test_each_task_has_a_memory_of_its_own() -> None:
    """One task's end says nothing of another's, also within one delivery."""
    made, url = answered()
    made.receive(delivery("a"), url)
    both = {"data": [{"task_id": name, "task_status": "succeed"} for name in ("a", "b", "b")]}
    assert [event.task_id for event in made.receive(both, url)] == ["b"]


def test_what_was_forgotten_is_new_again() -> None:
    """After `forget` the next delivery counts; to forget what was never seen is fine."""
    made, url = answered()
    made.forget("t")
    assert [bool(made.receive(delivery("t"), url)) for _ in range(2)] == [True, False]
    made.forget("t")
    assert made.receive(delivery("t"), url)


def test_the_memory_is_bounded() -> None:
    """Only the tasks that were told of last are remembered."""
    made, url = answered(memory=2)
    assert [name for name in "abc" if not made.receive(delivery(name), url)] == []
    assert not made.receive(delivery("b"), url)
    assert made.receive(delivery("d"), url) and not made.receive(delivery("b"), url)
    assert made.receive(delivery("c"), url)
    assert len(made._seen) == 2
    for memory in (0, -1, True, 2.5, "9"):
        with pytest.raises(ConfigurationError, match="memory"):
            Receiver(URL, secret=SECRET, memory=memory)  # type: ignore[arg-type]


def test_nothing_shows_the_secret() -> None:
    """Not repr, not a listing of the fields, no error; and a receiver is neither pickled nor copied."""
    made, url = answered(f"{URL}?token=mine", secret="0123456789abcdef")
    shown = [repr(made), str(made), repr(vars(made))]
    for body in (b"{", b'{"data": {}}', b"0123456789abcdef", 5):
        with pytest.raises(WebhookError) as caught:
            made.receive(body, url)  # type: ignore[arg-type]
        shown += [str(caught.value), repr(caught.value), repr(vars(caught.value))]
    assert [text for text in shown if "0123456789abcdef" in text] == []
    assert "mine" not in repr(made)
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="one per process"):
            way(made)


def test_receiving_needs_no_http_library() -> None:
    """An application that only receives imports neither httpx nor a web framework."""
    program = "import sys, weryai.webhooks; print(sorted({'httpx', 'starlette', 'click', 'av'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unreadable_delivery_is_one_of_our_errors() -> None:
    """Whoever catches WeryAIError catches it."""
    made, url = answered()
    with pytest.raises(WeryAIError):
        made.receive(b"", url)
