"""Mistakes in the generated models: what is written into a request, what is read from an answer."""

from .mutant import GENERATED, Mutant

REQUESTS = ("tests/contract/test_examples.py", "tests/contract/test_requests.py")
SHIPPED = ("tests/unit/generated/test_shipped.py",)
ANSWERS = ("tests/contract/test_variants.py", "tests/contract/test_examples.py", "tests/contract/test_responses.py")
WIRE = ("tests/contract/test_wire.py", "tests/contract/test_requests.py")
ORDER = "models/image_to_video_request.py"


def generated(name: str, file: str, old: str, new: str, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in a generated file."""
    return Mutant(f"generated.{name}", GENERATED + file, old, new, claim, first)


STATES = """            except (TypeError, {}AttributeError, KeyError):
                pass
            return cast(KnownTaskStatus"""

IN_MODELS = [
    generated(
        "renamed-field",
        ORDER,
        'field_dict["negative_prompt"] = negative_prompt',
        'field_dict["negativePrompt"] = negative_prompt',
        "the negative prompt has another name on the wire",
        REQUESTS,
    ),
    generated(
        "lost-field",
        ORDER,
        '        if caller_id is not UNSET:\n            field_dict["caller_id"] = caller_id\n',
        "",
        "the caller's id is not sent",
        REQUESTS,
    ),
    generated(
        "int32",
        ORDER,
        "caller_id = self.caller_id",
        "caller_id = self.caller_id and self.caller_id % 2**32",
        "an id of 64 bits is cut to 32",
        REQUESTS,
    ),
    generated(
        "null",
        ORDER,
        "webhook_url = self.webhook_url",
        "webhook_url = self.webhook_url or None",
        "what is not given is sent as null",
        REQUESTS,
    ),
    generated(
        "default-audio",
        ORDER,
        "generate_audio: bool | Unset = False",
        "generate_audio: bool | Unset = True",
        "a constructed order has sound",
        WIRE,
    ),
    generated(
        "default-lost",
        ORDER,
        "generate_audio: bool | Unset = False",
        "generate_audio: bool | Unset = UNSET",
        "a constructed order says nothing of sound",
        WIRE,
    ),
    generated(
        "enum-name",
        ORDER,
        "resolution = self.resolution.value",
        "resolution = self.resolution.name",
        "P720 is sent for 720p",
        REQUESTS,
    ),
    generated(
        "ratio-name",
        ORDER,
        "aspect_ratio = self.aspect_ratio.value",
        "aspect_ratio = self.aspect_ratio.name",
        "LANDSCAPE_16_9 is sent for 16:9",
        REQUESTS,
    ),
    generated(
        "enum-swapped",
        "models/known_resolution.py",
        'P720 = "720p"',
        'P720 = "1080p"',
        "720p and 1080p are one",
        SHIPPED,
    ),
    generated(
        "mixed-up",
        ORDER,
        "            webhook_url=webhook_url,\n",
        "            webhook_url=image,\n",
        "the picture is told as the webhook",
        REQUESTS,
    ),
    generated(
        "closed-states",
        "models/submit_data.py",
        STATES.format("ValueError, "),
        STATES.format(""),
        "a state of tomorrow cannot be read",
        SHIPPED,
    ),
    generated(
        "lost-unknown",
        "models/task_data.py",
        "        task_data.additional_properties = d\n",
        "",
        "fields of tomorrow are dropped",
        ANSWERS,
    ),
    generated(
        "lost-answer-field",
        "models/task_data.py",
        'd.pop("cover_url", UNSET)',
        'd.get("cover", UNSET)',
        "the still is not read",
        SHIPPED,
    ),
    generated(
        "single-task-id",
        "models/submit_data.py",
        'field_dict["task_id"] = task_id',
        'field_dict["taskId"] = task_id',
        "a single task id is written under another name",
        ANSWERS,
    ),
]
