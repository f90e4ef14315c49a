"""A request that makes a video: its operation in the contract, its images, its body, and what its model takes."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._flow.logs import warn_before_paying
from .._media.image import Image, is_address
from .._media.names import quoted
from .._protocol.contract import check_request, field_names, key_here, module_at, operation_named, request_schemas
from .._protocol.endpoint import encode
from .._protocol.model_registry import Kind, Model, Registry, problems
from .._settings import unreachable_host
from ..errors import InvalidInputError

# Those of the example on the endpoint's page (contract: submitImageToVideo, example "page").
MODEL = "WERYAI_VIDEO_1_0"
DURATION = 5


@dataclass(frozen=True, slots=True)
class Operation:
    """One paid operation of the contract: the path it is posted to, and the registry's group of models for it."""

    path: str
    kind: Kind
    # Those of the contract's example, where nobody names a model.
    model: str = MODEL
    duration: int = DURATION

    @property
    def name(self) -> str:
        """The name of its generated module."""
        return module_at("post", self.path)

    @property
    def schema(self) -> str:
        """The name of its request in the contract."""
        return _schema_at(self.path)

    def endpoint(self) -> Any:
        """Its generated module."""
        facts = operation_named(self.name) or {}
        return importlib.import_module(f"weryai_api.api.{facts['tags'][0]}.{self.name}")

    def request(self, body: Mapping[str, Any]) -> Written:
        """Its request, with the fields in the order of the generated client: those that are required first.

        Not a generated model: that would send the contract's defaults, which the service has anyway and some models do
        not know, and it would load attrs.
        """
        return Written({name: body[name] for name in _names_in(self.schema) if name in body})


@functools.cache
def _schema_at(path: str) -> str:
    """The name of the request that is posted to a path."""
    facts = operation_named(module_at("post", path)) or {}
    return str(facts["requestBody"]["content"]["application/json"]["schema"]["$ref"]).rpartition("/")[2]


@functools.cache
def _names_in(schema: str) -> tuple[str, ...]:
    """The fields of a request in their order, those that are required first."""
    facts = request_schemas()[schema]
    return tuple(sorted(facts["properties"], key=lambda name: name not in facts["required"]))


class Written:
    """A request as JSON has it, in the place of a generated model."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body

    def to_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return dict(self._body)


# The images of a request, by field: one, or a list of them.
Images = Mapping[str, Any]


def places(images: Images) -> list[tuple[str, Any]]:
    """Every image of a request, with the place where its URL goes: "image", or "images.0"."""
    return [
        (f"{field}.{number}" if isinstance(value, list) else field, source)
        for field, value in images.items()
        for number, source in enumerate(value if isinstance(value, list) else [value])
    ]


def filled(images: Images, urls: Mapping[str, str]) -> dict[str, Any]:
    """The image fields of a request, with a URL in each place."""
    return {
        field: [urls.get(f"{field}.{number}", source) for number, source in enumerate(value)]
        if isinstance(value, list)
        else urls.get(field, value)
        for field, value in images.items()
    }


def name_of(source: object) -> str:
    """What a local image is called, in a message."""
    if isinstance(source, str | os.PathLike):
        return quoted(os.fsdecode(source))
    return quoted(os.path.basename(name)) if isinstance(name := getattr(source, "name", None), str) else "the image"


def check_reachable(images: Images, body: Mapping[str, Any], base_url: str | None) -> None:
    """Refuse an image that only this machine or its network can fetch, and warn of such a webhook; nothing is paid for.

    A service that is there itself, such as the emulator, may fetch it.
    """
    for where, source in places(images):
        if is_address(source) and (wrong := unreachable(source, base_url)) is not None:
            raise InvalidInputError(f"{where} {wrong}; validate=False sends it all the same")
    webhook = body.get("webhook_url")
    if isinstance(webhook, str) and (host := unreachable_host(webhook, base_url)) is not None:
        warn_before_paying(f"webhook_url is at {host}, which the service cannot reach: no webhook will come")


def unreachable(url: str, base_url: str | None) -> str | None:
    """What is wrong with the URL of an image that the service cannot fetch; None if nothing is known against it."""
    if (host := unreachable_host(url, base_url)) is None:
        return None
    return f"must be where the service can fetch it, and {host} is not: pass the file itself, or a public URL"


# In place of the URL of what is not uploaded yet.
_LATER = "https://upload.invalid/"
_REQUIRED = ("model", "prompt", "duration")


def checked_body(
    operation: Operation, images: Images, fields: Mapping[str, Any], extra: Mapping[str, Any], validate: object
) -> dict[str, Any]:
    """What is given, without images and what is left out, held to the contract's limits together with `extra`."""
    body = {name: value for name, value in fields.items() if value is not None or name in _REQUIRED}
    if validate:
        known = {name: extra[name] for name in field_names(operation.schema) & extra.keys()}
        later = {where: _LATER for where, source in places(images) if not is_address(source)}
        check_request(operation.schema, {**body, **filled(images, later), **known})
    encode({**body, **extra})
    return body


class DefaultRatio(str):
    """A ratio that nobody asked for, so that it gives way to what the model takes."""

    __slots__ = ()


ASPECT_RATIO = DefaultRatio("16:9")
# A model as the registry has it, and the kind it is listed for.
Found = tuple[Model | None, Kind]


def fit_to_model(
    registry: Registry,
    found: Found,
    operation: Operation,
    body: dict[str, Any],
    images: Images,
    validate: object,
    *,
    strict: bool,
) -> None:
    """Fit the ratio to the model, and check the rest against what the model takes."""
    model, _ = found
    if validate and "aspect_ratio" not in body and model is not None and model.aspect_ratios:
        _warn_of_no_ratio(model, strict=strict)
    _fit_ratio(body, model)
    if validate:
        _check_key(registry, operation, body["model"], strict=strict)
        _check_model(registry, found, operation.kind, {**body, **images}, strict=strict)
        _warn_of_many(body.get("video_number"), strict=strict)


def _fit_ratio(body: dict[str, Any], model: Model | None) -> None:
    """Bring a ratio that nobody asked for in line with the model: the first that it lists, or none at all."""
    ratios = model.aspect_ratios if model is not None else None
    ratio = body.get("aspect_ratio")
    if isinstance(ratio, DefaultRatio) and ratios is not None and ratio not in ratios:
        del body["aspect_ratio"]
        body |= {"aspect_ratio": ratios[0]} if ratios else {}


def _check_key(registry: Registry, operation: Operation, key: str, *, strict: bool) -> None:
    """Suggest the key that a product has in this operation, unless the registry lists the models of this kind."""
    here = None if registry.models.get(operation.kind) else key_here(operation.schema, key)
    if here is None:
        return
    told = f"model: {key} is a key for images; here the same model is {here}"
    if strict:
        raise InvalidInputError(told)
    warn_before_paying(f"{told}, so the service may refuse it; strict=True refuses it at once")


def _check_model(registry: Registry, found: Found, kind: Kind, body: Mapping[str, Any], *, strict: bool) -> None:
    """Refuse, or only warn of, what the model does not take; of a model that is not listed for this kind only warn."""
    model, listed_for = found
    if model is None:
        if registry.models.get(kind):
            warn_before_paying(registry.lacks(body["model"], kind))
        return
    wrong = "; ".join(problems(model, body))
    if wrong and (strict or (registry.is_live and listed_for == kind)):
        raise InvalidInputError(f"{wrong} (by {registry.told(kind, listed_for)})")
    if wrong:
        doubt = "which may be out of date" if listed_for == kind else "which may differ here"
        told = f"by {registry.told(kind, listed_for)}, {doubt}; strict=True refuses it"
        warn_before_paying(f"{wrong} ({told})")


def _warn_of_no_ratio(model: Model, *, strict: bool) -> None:
    """The pages require a ratio; official code leaves it out only for models that list none."""
    told = f"aspect_ratio: {model.key} lists {', '.join(model.aspect_ratios or ())}, and the service requires one"
    if strict:
        raise InvalidInputError(told)
    warn_before_paying(f"{told}, so it may refuse a request without; strict=True refuses it at once")


def _warn_of_many(video_number: int | None, *, strict: bool) -> None:
    """The page allows 1, an example of its newer revision sends 4: whether more are taken is not known."""
    if video_number is None or video_number <= 1:
        return
    known = "the endpoint's page allows 1, its newer revision's example sends 4"
    if strict:
        raise InvalidInputError(f"video_number={video_number}: {known}")
    told = f"video_number={video_number} submits that many paid tasks"
    warn_before_paying(f"{told}, and the service may refuse it: {known}; strict=True refuses it at once")


def checks_of(
    operation: Operation, key: str, found: Found, registry: Registry, local: Mapping[str, Image]
) -> list[str]:
    """What was checked, and by which source."""
    model, listed_for = found
    unknown = f"nothing of {key}, which {registry.source} does not know"
    told = unknown if model is None else f"what {key} takes, by {registry.told(operation.kind, listed_for)}"
    files = [f"{where} is a whole {image.media_type} by its structure" for where, image in local.items()]
    return [f"the limits of {operation.schema}, by the contract", told, *files]
