"""What each model takes: read from the live registry or from the dated copy in the contract, and checked: pure."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

from ..errors import ContractError, ModelUnavailableError
from .contract import contract
from .envelope import Envelope

Kind: TypeAlias = Literal["image_to_video", "text_to_video", "multi_image_to_video", "first_last_image_to_video"]
_WORDS: dict[Kind, str] = {
    "image_to_video": "images",
    "text_to_video": "text",
    "multi_image_to_video": "several images",
    "first_last_image_to_video": "a first and a last frame",
}
# Two frames have no list of their own; what takes them is listed for several images or for one.
_ALIKE: dict[Kind, tuple[Kind, ...]] = {"first_last_image_to_video": ("multi_image_to_video", "image_to_video")}


@dataclass(frozen=True, slots=True)
class Model:
    """What one model takes; None where the source does not tell, () where it lists none and the field is left out.

    `durations` are seconds, `prompt_length_limit` is in characters, `upload_image_limit` in images; `raw` is the
    entry as it came. Contract: VideoModel.
    """

    key: str
    title: str = ""
    durations: tuple[int, ...] = ()
    aspect_ratios: tuple[str, ...] | None = None
    resolutions: tuple[str, ...] | None = None
    has_generate_audio: bool | None = None
    has_negative_prompt: bool | None = None
    prompt_length_limit: int | None = None
    upload_image_limit: int | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as `json.dumps` takes it, without `raw`."""
        told = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "raw"}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


@dataclass(frozen=True, slots=True)
class Registry:
    """The models of each kind of work; `source` says in words where they come from."""

    models: Mapping[str, tuple[Model, ...]]
    source: str
    is_live: bool = False
    read_at: float = 0.0

    def find(self, key: str, kind: Kind = "image_to_video") -> Model | None:
        """The model with this key."""
        return next((model for model in self.models.get(kind, ()) if model.key == key), None)

    def find_alike(self, key: str, kind: Kind) -> tuple[Model | None, Kind]:
        """The model with this key, and the kind it is listed for: where a kind has no list, one that is like it."""
        alike = () if self.models.get(kind) else _ALIKE.get(kind, ())
        for one in (kind, *alike):
            if model := self.find(key, one):
                return model, one
        return None, kind

    def told(self, kind: Kind, listed_for: Kind) -> str:
        """The source, in words, with the kind that the model is listed for if it is not the one that is wanted."""
        return self.source if listed_for == kind else f"{self.source}, which lists it for {_WORDS[listed_for]}"

    def get(self, key: str, kind: Kind) -> Model:
        """The model with this key; raises ModelUnavailableError that names the nearest ones."""
        model = self.find(key, kind)
        if model is None:
            raise ModelUnavailableError(self.lacks(key, kind))
        return model

    def near(self, key: str, kind: Kind = "image_to_video") -> str:
        """The keys most like this one, in words: one product may have another key for other work."""
        keys = _nearest(key.upper(), tuple(model.key for model in self.models.get(kind, ())))
        others = [_WORDS[other] for other in self.models if other in _WORDS and self.find(key, other)]
        there = f"; it is listed for {' and '.join(others)}" if others else ""
        return f"{there}; did you mean {' or '.join(keys)}?" if keys else there

    def lacks(self, key: str, kind: Kind) -> str:
        """Say that no model of this kind has this key, and which ones are near."""
        return f"{self.source} has no model {key!r:.200} for {_WORDS[kind]}{self.near(key, kind)}"


@functools.lru_cache(maxsize=64)
def _nearest(wanted: str, listed: tuple[str, ...]) -> list[str]:
    """Which of these keys are most like this one; a table may ask for each of a million rows."""
    import difflib

    keys = [one for one in listed if one.endswith(f"_{wanted}") or wanted.endswith(f"_{one}")]
    return keys or difflib.get_close_matches(wanted, listed)


def _snapshot() -> dict[str, Any]:
    snapshot: dict[str, Any] = contract()["paths"]["/growthai/v1/video/models"]["get"]["x-snapshot"]
    return snapshot


# The date of the shipped copy of the registry.
BUNDLED_MODELS_DATE: str = _snapshot()["date"]


@functools.cache
def bundled_registry() -> Registry:
    """The copy that the contract holds, of the date that it tells: the union where sources differ."""
    snapshot = _snapshot()
    return Registry(_read_kinds(snapshot, is_live=False), f"the bundled snapshot of {snapshot['date']}")


def bundled_models(kind: Kind = "image_to_video") -> tuple[Model, ...]:
    """The models that the bundled snapshot of the registry lists; `BUNDLED_MODELS_DATE` is its date.

    It holds the union where sources differ, and models come and go, so it is a hint. `models.list` asks the service.
    """
    return bundled_registry().models.get(kind, ())


def read_registry(envelope: Envelope, read_at: float) -> Registry:
    """Read the live registry's response."""
    if not isinstance(envelope.data, dict) or not any(map(_is_listed, envelope.data.values())):
        raise ContractError("the registry lists no models", raw=envelope.raw, http_status=envelope.http_status)
    return Registry(_read_kinds(envelope.data, is_live=True), "the live registry", is_live=True, read_at=read_at)


def problems(model: Model, body: Mapping[str, Any]) -> list[str]:
    """What in a request this model does not take, in words."""
    found = []
    for name, allowed in (
        ("duration", model.durations or None),
        ("aspect_ratio", model.aspect_ratios),
        ("resolution", model.resolutions),
    ):
        value = body.get(name)
        if value is not None and allowed is not None and value not in allowed:
            takes = f"takes {', '.join(map(str, allowed))}" if allowed else "lists none, so leave it out"
            found.append(f"{name} {value!s:.100}: {model.key} {takes}")
    if body.get("generate_audio") and model.has_generate_audio is False:
        found.append(f"generate_audio: {model.key} makes no sound")
    if body.get("negative_prompt") and model.has_negative_prompt is False:
        found.append(f"negative_prompt: {model.key} takes none")
    if len(body["prompt"]) > (model.prompt_length_limit or len(body["prompt"])):
        found.append(f"prompt: {model.key} takes at most {model.prompt_length_limit} characters")
    images, most = body.get("images"), model.upload_image_limit
    if isinstance(images, list) and most is not None and len(images) > most:
        found.append(f"images: {model.key} takes at most {most}")
    return found


def _is_listed(value: object) -> bool:
    return isinstance(value, list)


def _read_kinds(data: Mapping[str, Any], *, is_live: bool) -> dict[str, tuple[Model, ...]]:
    listed = {kind: entries for kind, entries in data.items() if isinstance(entries, list)}
    return {kind: tuple(_read_models(entries, is_live=is_live)) for kind, entries in listed.items()}


def _read_models(entries: Iterable[Any], *, is_live: bool) -> Iterable[Model]:
    for entry in entries:
        key = _first(entry, str, "model_key", "modelKey", "id") if isinstance(entry, dict) else None
        if key is not None:
            yield Model(
                key=key,
                title=_first(entry, str, "title", "label", "name") or "",
                durations=_listed(entry, "durations", int, is_live=is_live) or (),
                aspect_ratios=_listed(entry, "aspect_ratios", str, is_live=is_live),
                resolutions=_listed(entry, "resolutions", str, is_live=is_live),
                has_generate_audio=_first(entry, bool, "has_generate_audio"),
                has_negative_prompt=_first(entry, bool, "has_negative_prompt"),
                prompt_length_limit=_first(entry, int, "prompt_length_limit"),
                upload_image_limit=_first(entry, int, "upload_image_limit"),
                raw=entry,
            )


def _first(entry: Mapping[str, Any], kind: type, *names: str) -> Any:
    return next((entry[name] for name in names if type(entry.get(name)) is kind and entry[name] != ""), None)


def _listed(entry: Mapping[str, Any], name: str, kind: type, *, is_live: bool) -> tuple[Any, ...] | None:
    """A list of values; the live registry leaves one out, or empty, when the field is not to be sent.

    None where it does not tell, or in a shape that nobody knows: that is no reason to refuse anything.
    """
    values = entry.get(name)
    if values is None or values == []:
        return () if is_live or values == [] else None
    return tuple(value for value in values if type(value) is kind) or None if isinstance(values, list) else None
