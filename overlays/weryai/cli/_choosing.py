"""Which operation a command orders: by what it is given, and by what its model is listed for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

import weryai

from ._hints import quote
from ._output import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weryai import Model, WeryAI

Kind: TypeAlias = Literal["image_to_video", "text_to_video", "multi_image_to_video", "first_last_image_to_video"]
_WORDS: dict[Kind, str] = {
    "text_to_video": "text to video, without an image",
    "image_to_video": "image to video",
    "multi_image_to_video": "multi-image to video, with {count} in order",
    "first_last_image_to_video": "first and last frame",
}


#: The model of an operation for which nobody names one; the library has the same.
_DEFAULT_MODEL = {"multi_image_to_video": "VEO_3_1", "first_last_image_to_video": "VEO_3_1"}


@dataclass(frozen=True)
class Choice:
    """An operation: the registry's word for it, the client's resource, and the images it is given."""

    kind: Kind
    resource: str
    arguments: tuple[Any, ...]

    def of(self, client: WeryAI) -> Any:
        """The resource of a client."""
        return getattr(client, self.resource)

    @property
    def model(self) -> str:
        """The model it is made by, unless somebody names one."""
        return _DEFAULT_MODEL.get(self.kind, "WERYAI_VIDEO_1_0")

    @property
    def has_upload(self) -> bool:
        """Whether an image is local, so that it is uploaded first."""
        images = self.arguments[0] if self.kind == "multi_image_to_video" else self.arguments
        return any("://" not in image for image in images)

    @property
    def words(self) -> str:
        """What it is, in words."""
        count = len(self.arguments[0]) if self.kind == "multi_image_to_video" else 0
        return _WORDS[self.kind].format(count="one image" if count == 1 else f"{count} images")


def chosen(client: WeryAI, images: Sequence[str], last: str | None, options: dict[str, Any]) -> Choice:
    """Choose the operation, say which it is, and refuse a model that nobody lists; nothing is paid for yet."""
    any_model, model = options.pop("any_model"), options.get("model")
    if last is not None and len(images) != 1:
        raise click.UsageError("--last IMAGE needs one IMAGE, the first frame")
    choice = _by_images(client, images, last, model)
    # One image alone is what it always was.
    if choice.kind != "image_to_video":
        say(f"weryai: {choice.words}")
    if model is not None and not any_model:
        _check_model(client, choice.kind, model)
    return choice


def check_prompt(images: Sequence[str], prompt: str) -> None:
    """Refuse an image in the place of the prompt, which nobody can have meant, before anything is sent."""
    if not re.search(r"\.(?:jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif)$", prompt, re.IGNORECASE):
        return
    if os.path.isfile(prompt):
        words = quote(images[0]) if images and not os.path.exists(images[0]) else '"She waves"'
        raise click.UsageError(
            f"-p names the file {prompt}: the image stands alone, and the prompt is words: "
            f"`weryai generate {quote(prompt)} -p {words}`"
        )


def _by_images(client: WeryAI, images: Sequence[str], last: str | None, model: str | None) -> Choice:
    if last is not None:
        return Choice("first_last_image_to_video", "first_last_frame", (images[0], last))
    if not images:
        return Choice("text_to_video", "text_to_video", ())
    if len(images) == 1 and not _is_for_several_alone(client, model):
        return Choice("image_to_video", "image_to_video", (images[0],))
    return Choice("multi_image_to_video", "multi_image_to_video", (list(images),))


def _is_for_several_alone(client: WeryAI, model: str | None) -> bool:
    """Whether a model takes images in a list alone; one that the snapshot knows for one image is not asked about."""
    if model is None or _is_listed(weryai.bundled_models(), model):
        return False
    try:
        single, several = client.models.list(), client.models.list(kind="multi_image_to_video")
    except weryai.WeryAIError:
        single, several = (), weryai.bundled_models("multi_image_to_video")
    return _is_listed(several, model) and not _is_listed(single, model)


def _check_model(client: WeryAI, kind: Kind, model: str) -> None:
    """Refuse a model that neither the snapshot nor the live registry lists for this kind of work.

    Of a kind for which they list none, whatever they list for any kind is taken.
    """
    snapshot = weryai.bundled_models(kind)
    if _is_listed(snapshot, model):
        return
    try:
        live = client.models.list(kind=kind)
        if _is_listed(live, model):
            return
        if not live and not snapshot and _is_listed_at_all(lambda one: client.models.list(kind=one), model):
            return
        client.models.get(model, kind=kind)
    except weryai.ModelUnavailableError as error:
        reason = error.message
    except weryai.AuthenticationError:
        raise
    except weryai.WeryAIError as error:
        if not snapshot and _is_listed_at_all(weryai.bundled_models, model):
            return
        reason = f"the bundled snapshot has no model {model!r:.200}, and the registry cannot be asked: {error}"
    else:
        return
    raise weryai.InvalidInputError(f"{reason}; --any-model sends it all the same")


def _is_listed_at_all(listed: Callable[[Kind], Sequence[Model]], model: str) -> bool:
    return any(_is_listed(listed(kind), model) for kind in _WORDS)


def _is_listed(models: Sequence[Model], model: str) -> bool:
    return any(one.key == model for one in models)
