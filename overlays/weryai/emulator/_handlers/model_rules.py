"""What each model takes, as the contract's snapshot of the registry has it, in the service's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from weryai.emulator._protocol.contract import Operation
from weryai.emulator._state.settings import ModelRules

#: In which part of the registry an operation's models stand.
KINDS = {
    "submitImageToVideo": "image_to_video",
    "submitMultiImageToVideo": "multi_image_to_video",
    "submitTextToVideo": "text_to_video",
}
REGISTRY = "listVideoModels"

Json = Mapping[str, Any]


class Registry:
    """The models by kind of work and key; empty where the contract has no registry."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        answer = next((one.answer for one in operations if one.name == REGISTRY), None)
        data: Json = answer.value.get("data") or {} if answer is not None and isinstance(answer.value, dict) else {}
        self._models = {
            kind: {entry.get("model_key"): entry for entry in data.get(kind) or []} for kind in KINDS.values()
        }

    def entry(self, operation: str, model: str) -> Json | None:
        """Return what is known of a model for this kind of work."""
        return self._models[KINDS[operation]].get(model)

    def note(self, operation: str, model: str, rules: ModelRules) -> str | None:
        """Say that a model is taken unseen, where others of its kind are known."""
        if rules == "off" or not self._models[KINDS[operation]] or self.entry(operation, model) is not None:
            return None
        return "the registry does not list this model, so nothing that depends on the model was checked"

    def is_unknown(self, operation: str, model: str) -> bool:
        """Whether models of this kind are known, and this is none of them."""
        return bool(self._models[KINDS[operation]]) and self.entry(operation, model) is None

    def complaints(self, operation: str, sent: Json) -> Iterator[tuple[str, str]]:
        """Yield what the model does not take, as a JSON pointer and a sentence."""
        entry = self.entry(operation, sent["model"])
        if entry is None:
            alone = self.entry("submitImageToVideo", sent["model"]) or {}
            if alone.get("upload_image_limit") == 1 and len(sent.get("images", ())) > 1:
                yield "/images", "does not support multiple images"
            return
        yield from listed_values(entry, sent)
        if entry.get("has_negative_prompt") is False and sent.get("negative_prompt"):
            yield "/negative_prompt", "negative prompt is not supported"
        if entry.get("has_generate_audio") is False and sent.get("generate_audio"):
            yield "/generate_audio", "generate audio is not supported"
        longest = entry.get("prompt_length_limit")
        if longest is not None and len(sent["prompt"]) > longest:
            yield "/prompt", f"prompt: longer than {longest} characters"
        most = entry.get("upload_image_limit")
        if most is not None and len(sent.get("images", ())) > most:
            yield "/images", "images exceeds the limit"


def listed_values(entry: Json, sent: Json) -> Iterator[tuple[str, str]]:
    """Yield which values the model does not list; where it lists none, the field is not to be sent at all."""
    fields = (
        ("duration", "durations", "duration {} is not supported"),
        ("aspect_ratio", "aspect_ratios", "aspect ratio {} is not supported"),
        ("resolution", "resolutions", "resolution {} is not supported"),
    )
    for field, list_name, words in fields:
        allowed = entry.get(list_name)
        if allowed is not None and field in sent and sent[field] not in allowed:
            yield f"/{field}", words.format(str(sent[field])[:60])
    if entry.get("aspect_ratios") and "aspect_ratio" not in sent:
        yield "/aspect_ratio", "aspect ratio cannot be empty"
