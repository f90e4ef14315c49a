"""Whether a request suits its model: the ratio that nobody asked for is fitted, the rest is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._flow.logs import warn_before_paying
from .._media.image import Image
from .._protocol.contract import key_here
from .._protocol.model_registry import Kind, Model, Registry, problems
from ..errors import InvalidInputError
from .paid_request import Operation


class DefaultRatio(str):
    """A ratio that nobody asked for, so that it gives way to what the model takes."""

    __slots__ = ()


ASPECT_RATIO = DefaultRatio("16:9")
# A model as the registry has it, and the kind it is listed for.
Found = tuple[Model | None, Kind]


def fit_to_model(
    registry: Registry, found: Found, operation: Operation, body: dict[str, Any], validate: object, *, strict: bool
) -> None:
    """Fit the ratio to the model, and check the rest against what the model takes."""
    model, _ = found
    if validate and "aspect_ratio" not in body and model is not None and model.aspect_ratios:
        _warn_of_no_ratio(model, strict=strict)
    _fit_ratio(body, model)
    if validate:
        _check_key(registry, operation, body["model"], strict=strict)
        _check_model(registry, found, operation.kind, body, strict=strict)
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
