"""Models: what each of them takes, as the service's registry says."""

from __future__ import annotations

from typing import Literal

from weryai_api.api.models import list_video_models

from .._flow.effects import Flow, Now
from .._flow.logs import warn_before_paying
from .._protocol.endpoint import call
from .._protocol.model_registry import Kind, Model, Registry, bundled_registry, read_registry
from ..errors import WeryAIError
from .base import Mode, Resource, operation

# How long an answer of the registry is good for, in seconds. Models change without notice, but not by the minute.
MAX_AGE = 3600.0


class Models(Resource[Mode]):
    """The models registry, on a host of its own; free. What it said last is what requests are checked against."""

    _known: Registry | None = None

    @operation
    def list(self, *, kind: Kind = "image_to_video", max_age: float = MAX_AGE) -> Flow[tuple[Model, ...]]:
        """List the models for a kind of work, in the registry's order; a response is kept for `max_age` seconds.

        From then on `submit` refuses what the model does not take. Without a network, see `weryai.bundled_models`.
        """
        return (yield from _ask(self, max_age)).models.get(kind, ())

    @operation
    def get(self, key: str, *, kind: Kind = "image_to_video", max_age: float = MAX_AGE) -> Flow[Model]:
        """Return one model, such as "WERYAI_VIDEO_1_0"; raises ModelUnavailableError if the registry lacks it."""
        return (yield from _ask(self, max_age)).get(key, kind)


def known_registry(models: Models[Mode] | None, validate: bool | Literal["live"], *, strict: bool) -> Flow[Registry]:
    """The registry to check against: live if it was asked for or is known already, else the bundled snapshot."""
    if models is None:
        return bundled_registry()
    if validate == "live":
        try:
            return (yield from _ask(models, MAX_AGE))
        except WeryAIError as error:
            if strict:
                raise
            warn_before_paying(f"the models registry cannot be asked, so the bundled snapshot is used: {error}")
    known = models._known
    is_fresh = known is not None and (yield from Now()) - known.read_at < MAX_AGE
    return known if known is not None and is_fresh else bundled_registry()


def _ask(models: Models[Mode], max_age: float) -> Flow[Registry]:
    now = yield from Now()
    if models._known is None or now - models._known.read_at >= max_age:
        models._known = yield from call(
            list_video_models, lambda envelope: read_registry(envelope, now), models._retry, service="models"
        )
    return models._known
