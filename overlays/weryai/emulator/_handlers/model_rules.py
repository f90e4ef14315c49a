"""What each model takes, as the contract's snapshot of the registry has it, in the service's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from weryai.emulator._protocol.contract import Operation
from weryai.emulator._state.settings import ModelRules

#: The kind of work that takes one image alone.
ONE_IMAGE = "image_to_video"
REGISTRY = "listVideoModels"

Json = Mapping[str, Any]


class Registry:
    """The models by kind of work and key; empty where the contract has no registry."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        answer = next((one.answer for one in operations if one.name == REGISTRY), None)
        data: Json = answer.value.get("data") or {} if answer is not None and isinstance(answer.value, dict) else {}
        self._models: dict[str, dict[Any, Json]] = {
            kind: {entry.get("model_key"): entry for entry in entries or []} for kind, entries in data.items()
        }
        self._on_page = {one.kind: keys for one in operations if (keys := keys_on_page(one))}

    def entry(self, kind: str, model: str) -> Json | None:
        """Return what is known of a model for this kind of work; nothing of a kind that the registry has not."""
        return self._models.get(kind, {}).get(model)

    def note(self, kind: str, model: str, rules: ModelRules) -> str | None:
        """Say that a model is taken unseen: this one, or each of its kind."""
        if rules == "off" or self.entry(kind, model) is not None:
            return None
        if self._models.get(kind):
            return "the registry does not list this model, so nothing that depends on the model was checked"
        if self.is_unknown(kind, model):
            return "the page of this operation does not name this model, so the service may not take it"
        return "no source lists what a model takes in this operation, so it was not checked"

    def is_unknown(self, kind: str, model: str) -> bool:
        """Whether models of this kind are known, by the registry or else by the operation's page; this is none."""
        known = self._models.get(kind) or self._on_page.get(kind) or ()
        return bool(known) and model not in known

    def complaints(self, kind: str, sent: Json) -> Iterator[tuple[str, str]]:
        """Yield what the model does not take, as a JSON pointer and a sentence."""
        entry = self.entry(kind, sent["model"])
        if "aspect_ratio" not in sent and self._lists_ratios(sent["model"], entry):
            yield "/aspect_ratio", "aspect ratio cannot be empty"
        if entry is None:
            alone = self.entry(ONE_IMAGE, sent["model"]) or {}
            if alone.get("upload_image_limit") == 1 and len(sent.get("images", ())) > 1:
                yield "/images", "does not support multiple images"
            return
        yield from listed_values(entry, sent)
        if entry.get("has_negative_prompt") is False and sent.get("negative_prompt"):
            yield "/negative_prompt", "negative prompt is not supported"
        if entry.get("has_generate_audio") is False and sent.get("generate_audio"):
            yield "/generate_audio", "generate audio is not supported"
        longest = entry.get("prompt_length_limit")
        if longest is not None and len(str(sent.get("prompt", ""))) > longest:
            yield "/prompt", f"prompt: longer than {longest} characters"
        most = entry.get("upload_image_limit")
        if most is not None and len(sent.get("images", ())) > most:
            yield "/images", "images exceeds the limit"

    def _lists_ratios(self, model: str, entry: Json | None) -> bool:
        """Whether a model needs a ratio: where this kind does not list it, by what another kind lists.

        The pages of all operations mark the ratio as required, and official code leaves it out where a model lists
        none. That a model is alike in all of them is our guess.
        """
        entries = (
            [entry] if entry is not None else [models[model] for models in self._models.values() if model in models]
        )
        return any(one.get("aspect_ratios") for one in entries if one is not None)


def keys_on_page(operation: Operation) -> tuple[str, ...]:
    """Return the models that an operation's own page names, if it was seen."""
    properties = operation.body.properties if operation.body is not None else {}
    return tuple(properties.get("model", {}).get("x-models", ()))


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
