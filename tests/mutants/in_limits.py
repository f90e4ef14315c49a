"""Mistakes in the contract's limits, requirements and defaults of the image-to-video request: one for each."""

from .mutant import CONTRACT, Mutant

FIRST = ("tests/contract/test_page.py", "tests/unit/overlay/test_limits.py")


def limit(keyword: str, place: str, old: str, new: str, claim: str) -> Mutant:
    """A mistake in `field.keyword`; `place` is the text around it that makes it the only one, with {} for it."""
    name = f"contract.limit.{keyword}"
    return Mutant(name, CONTRACT, place.format(old), place.format(new), claim, FIRST, (f"limit {keyword}",))


def required(field: str, left: str) -> Mutant:
    """A required field of which the contract says that it may be left out."""
    old = "required: [model, prompt, image, duration]"
    claim = f"a request without {field} is sent"
    return Mutant(
        f"contract.required.{field}", CONTRACT, old, f"required: [{left}]", claim, FIRST, (f"required {field}",)
    )


def default(field: str, place: str, old: str, new: str, claim: str) -> Mutant:
    """A default that is another."""
    name = f"contract.default.{field}"
    return Mutant(name, CONTRACT, place.format(old), place.format(new), claim, FIRST, (f"default {field}",))


PROMPT = """{}
          description: What shall happen in the video, 1 to 2000 characters. A model may have"""
PROMPT_LEAST = """{}
          maxLength: 2000
          description: What shall happen in the video, 1 to 2000 characters. A model may have"""
NEGATIVE = """{}
          description: What shall not be in the video, at most 1000 characters. Only some"""
DURATION = """{}
          description: >-
            Length of the video in seconds. The page gives no limits"""
NUMBER_DEFAULT = """{}
          minimum: 1
          maximum: 4
          x-page-maximum: 1"""
NUMBER_LEAST = """{}
          maximum: 4
          x-page-maximum: 1"""
NUMBER_MOST = """{}
          x-page-maximum: 1"""
NUMBER_PAGE = """maximum: 4
          {}"""
CALLER_FORMAT = """{}
          minimum: -9223372036854775808
          maximum: 9223372036854775807
          description: >-"""
CALLER_LEAST = """{}
          maximum: 9223372036854775807
          description: >-"""
CALLER_MOST = """{}
          description: >-
            For the caller's own business association, 64 bits."""
IMAGE = """type: string
{}          description: >-
            Address of the reference picture"""
HOOK = """type: string
{}          description: Where the service posts when the task ends. The page says"""
MODEL = """{}
          examples: [WERYAI_VIDEO_1_0]"""
RATIO = """{}
          examples: ["16:9"]"""
RESOLUTION = """The page names no values; models list different ones.
          anyOf:
            - $ref: "#/components/schemas/KnownResolution"
            {}"""
AUDIO = """{}
          description: >-
            Whether to make sound as well. A boolean by the page"""
CLOSED = """so it is optional here.
      {}"""
FORMAT = "          format: uri\n"
PATTERN = '          pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]"\n'
WORD, EMPTY_WORD = "- {type: string, minLength: 1}", "- {type: string}"

LIMITS = [
    limit("prompt.minLength", PROMPT_LEAST, "minLength: 1", "minLength: 0", "an empty prompt is sent"),
    limit("prompt.maxLength", PROMPT, "maxLength: 2000", "maxLength: 200", "a prompt of 201 characters is refused"),
    limit("negative_prompt.maxLength", NEGATIVE, "maxLength: 1000", "maxLength: 10000", "1,001 characters are sent"),
    limit("duration.minimum", DURATION, "minimum: 1", "minimum: 0", "a video of no seconds is ordered"),
    limit("video_number.minimum", NUMBER_LEAST, "minimum: 1", "minimum: 0", "no video at all is ordered"),
    limit("video_number.maximum", NUMBER_MOST, "maximum: 4", "maximum: 5", "five videos are paid for at once"),
    limit("video_number.x-page-maximum", NUMBER_PAGE, "x-page-maximum: 1", "x-page-maximum: 4", "the page allows four"),
    limit("caller_id.format", CALLER_FORMAT, "format: int64", "format: int32", "an id counts as one of 32 bits"),
    limit("caller_id.minimum", CALLER_LEAST, "minimum: -9223372036854775808", "minimum: 0", "-1 is refused"),
    limit("caller_id.maximum", CALLER_MOST, "maximum: 9223372036854775807", "maximum: 2147483647", "2**31 is refused"),
    limit("image.format", IMAGE, FORMAT + PATTERN, PATTERN, "a picture's address with spaces is sent"),
    limit("image.pattern", IMAGE, FORMAT + PATTERN, FORMAT, "an ftp address of a picture is sent"),
    limit("webhook_url.format", HOOK, FORMAT + PATTERN, PATTERN, "a webhook's address with spaces is sent"),
    limit("webhook_url.pattern", HOOK, FORMAT + PATTERN, FORMAT, "an ftp address of a webhook is sent"),
    limit("model.minLength", MODEL, WORD, EMPTY_WORD, "an empty model is sent"),
    limit("aspect_ratio.minLength", RATIO, WORD, EMPTY_WORD, "an empty ratio is sent"),
    limit("resolution.minLength", RESOLUTION, WORD, EMPTY_WORD, "an empty resolution is sent"),
    limit(
        "additionalProperties", CLOSED, "additionalProperties: false", "additionalProperties: true", "typos are sent"
    ),
    required("model", "prompt, image, duration"),
    required("prompt", "model, image, duration"),
    required("image", "model, prompt, duration"),
    required("duration", "model, prompt, image"),
    default("video_number", NUMBER_DEFAULT, "default: 1", "default: 2", "a constructed request orders two videos"),
    default("generate_audio", AUDIO, "default: false", "default: true", "a constructed request orders sound"),
]
