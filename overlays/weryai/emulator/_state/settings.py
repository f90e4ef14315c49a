"""What an emulator can be told: the options, their defaults, and what they may be."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from numbers import Integral, Real
from os import PathLike
from typing import Literal, TypedDict, cast, get_args

from weryai.emulator._dialects import DIALECTS, Dialect, DialectName
from weryai.emulator._faults import ScenarioSpec, read_wishes
from weryai.emulator._state.tasks import FIRST_BALANCE, MOST_AT_ONCE, UNLIMITED

DEFAULT_KEY = "sk-emulator"

VideoMode = Literal["render", "fixed"]
ModelRules = Literal["known", "strict", "off"]
WebhookWords = Literal["succeed", "SUCCESS"]
_CHOICES = {"video": VideoMode, "model_rules": ModelRules, "webhook_words": WebhookWords, "dialect": DialectName}
#: What is a whole number (None is none of it), and what is seconds or a factor.
_WHOLE = ("balance", "concurrency", "daily_cap")
_NUMBERS = ("waiting", "processing", "speed", "submit_interval", "link_lifetime", "slow", "seconds_per_look")


class Options(TypedDict, total=False):
    """The keyword arguments of `Emulator`, `create_app` and `serve`; `Settings` says what each means."""

    video: VideoMode
    key: str
    waiting: float
    processing: float
    speed: float
    balance: int | None
    concurrency: int | None
    daily_cap: int | None
    submit_interval: float
    refund_failed: bool
    link_lifetime: float | None
    slow: float
    seconds_per_look: float
    keep_alive: bool
    model_rules: ModelRules
    state: str | PathLike[str] | None
    scenarios: tuple[str, ...]
    hosts: tuple[str, ...]
    webhook_hosts: tuple[str, ...]
    webhook_words: WebhookWords
    dialect: DialectName


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one emulator.

    `video="fixed"` ends every task in the same small video, `"render"` makes one of its image. A task waits for
    `waiting` seconds and is processed for `processing`, of a clock that is `speed` times as fast as real time.

    `balance` is the credits to begin with; None is more than anybody spends. `concurrency` is how many tasks may be
    unfinished: 20, as the service has it; None or 0 is no limit. `daily_cap` is how many tasks a day may have; the
    service's number is unknown, so there is none; None or 0 is no limit. `submit_interval` is how many seconds of the
    clock lie between two accepted submissions at least; what the service has is unknown, so there is none.
    `refund_failed` gives the credits of failed tasks back; whether the service does is unknown: invented.
    `link_lifetime` is how many seconds a URL of a video works; a fresh one comes with each poll of the task.
    `slow` is how many real seconds the scenario of that name takes. `seconds_per_look` is how far each poll of a task
    advances the clock, after it was answered, so that a polling loop finishes at once in a test.
    Without `keep_alive` a connection ends with its response, so that a client that nobody closes leaves nothing open.

    `model_rules="known"` holds an order for a model of the registry to what the registry says of it, and takes any
    other model as it comes; `"strict"` refuses other models, `"off"` knows no models.
    `state` is a file that outlives the emulator. `scenarios` are injected from the start, as NAME[@STAGE][:TIMES|:1/N].
    `hosts` are the names by which it may be called besides those of loopback: a web page could give itself any.
    Webhooks go to this machine and to `webhook_hosts` alone, and tell the end as `webhook_words` has it.
    `dialect="page"` answers as the documentation prints it, `"seen"` as public clients report it from production.
    """

    video: VideoMode = "render"
    key: str = DEFAULT_KEY
    waiting: float = 1.0
    processing: float = 2.0
    speed: float = 1.0
    balance: int | None = FIRST_BALANCE
    concurrency: int | None = MOST_AT_ONCE
    daily_cap: int | None = None
    submit_interval: float = 0.0
    refund_failed: bool = False
    link_lifetime: float | None = None
    slow: float = 5.0
    seconds_per_look: float = 0.0
    keep_alive: bool = True
    model_rules: ModelRules = "known"
    state: str | PathLike[str] | None = None
    scenarios: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    webhook_hosts: tuple[str, ...] = ()
    webhook_words: WebhookWords = "succeed"
    dialect: DialectName = "page"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in get_args(choices):
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {', '.join(get_args(choices))}")
        for name in (*_WHOLE, *_NUMBERS):
            _check_number(name, getattr(self, name))
        if not (isinstance(self.key, str) and self.key and all("!" <= character <= "~" for character in self.key)):
            raise ValueError("key must be printable ASCII without spaces: no client could send another")
        for name in ("scenarios", "hosts", "webhook_hosts"):
            value = getattr(self, name)
            if isinstance(value, str) or not (
                isinstance(value, Collection) and all(isinstance(one, str) for one in value)
            ):
                raise TypeError(f"{name} is a tuple of texts, not {str(value)[:60]!r}")
        self.wishes()
        _ = self.names, self.webhook_names

    @property
    def credits(self) -> int:
        """The credits to begin with."""
        return UNLIMITED if self.balance is None else self.balance

    @property
    def names(self) -> frozenset[str]:
        """The further names by which it may be called, as they stand in a Host header."""
        return frozenset(f"[{name}]" if ":" in name else name for name in map(plain_name, self.hosts))

    @property
    def webhook_names(self) -> frozenset[str]:
        """The further hosts that webhooks may go to."""
        return frozenset(map(plain_name, self.webhook_hosts))

    @property
    def spoken(self) -> Dialect:
        """The dialect that is spoken."""
        return DIALECTS[self.dialect]

    def wishes(self) -> list[ScenarioSpec]:
        """Return the scenarios as what they ask for; refuse one that does not exist."""
        return [one for text in self.scenarios for one in read_wishes(text)]


def _check_number(name: str, value: object) -> None:
    """Raise TypeError or ValueError for what is no number from 0 on."""
    if value is None and name in (*_WHOLE, "link_lifetime"):
        return
    is_number = not isinstance(value, bool) and isinstance(value, Integral if name in _WHOLE else Real)
    if not is_number:
        raise TypeError(f"{name} is a {'whole ' * (name in _WHOLE)}number, not {str(value)[:60]!r}")
    if not 0 <= cast("float", value) < math.inf:
        raise ValueError(f"{name}={value} must be a number from 0 on")


def plain_name(text: str) -> str:
    """Return a host as a person wrote it, without port and brackets, in lower case; refuse what is no host."""
    name = text.strip().lower()
    with suppress(ValueError):
        return str(ip_address(name))
    found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^\s/@:\[\]]+)(:[0-9]*)?", name)
    if found is None:
        raise ValueError(f"{text[:60]!r} is no host: give its name or address alone, such as emulator")
    return found[1].strip("[]")
