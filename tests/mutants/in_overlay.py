"""Mistakes in how the overlay asks: key, settings, limits, wire, pictures, uploads, the order itself."""

from .mutant import OVERLAY, Mutant

SETTINGS = ("tests/unit/overlay/test_settings.py",)
LIMITS = ("tests/unit/overlay/test_limits.py",)
WIRE = ("tests/unit/overlay/test_wire.py",)
PICTURE = ("tests/unit/overlay/test_picture.py",)


def overlay(module: str, name: str, old: str, new: str, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in a module of the overlay."""
    return Mutant(f"overlay.{module}.{name}", f"{OVERLAY}_{module}.py", old, new, claim, first)


IN_OVERLAY = [
    overlay("auth", "anywhere", "in settings.origins:", "is not None:", "the key goes to every host", WIRE),
    overlay(
        "auth",
        "any-port",
        "(url.scheme, url.host, url.port or (443",
        "(url.scheme, url.host, 0 * (url.port or 0) or (443",
        "the key goes to other ports, and not to ours",
        WIRE,
    ),
    overlay(
        "auth",
        "twice",
        'request.headers["Authorization"] = f"Bearer {settings.key()}"',
        'request.headers["Authorization"] = f"Bearer Bearer {settings.key()}"',
        "no key is ever accepted",
        ("tests/contract/test_wire.py",),
    ),
    overlay(
        "settings",
        "base-url",
        'BASE_URL = "https://api.weryai.com"\nMODELS',
        'BASE_URL = "https://www.weryai.com"\nMODELS',
        "orders go to the web site",
        SETTINGS,
    ),
    overlay(
        "settings",
        "plain-http",
        'if scheme == "http" and not is_loopback(host):',
        'if scheme == "http" and not host:',
        "the key travels in clear",
        SETTINGS,
    ),
    overlay(
        "settings",
        "order",
        'base_url = base_url or environment("WERYAI_BASE_URL") or BASE_URL',
        'base_url = environment("WERYAI_BASE_URL") or base_url or BASE_URL',
        "the environment outranks the argument",
        SETTINGS,
    ),
    overlay(
        "settings",
        "models-origin",
        "frozenset({origin(self.base_url), origin(self.models_base_url)})",
        "frozenset({origin(self.base_url)})",
        "the registry is asked without a key",
        SETTINGS,
    ),
    overlay(
        "settings",
        "key-space",
        "    return key.strip()\n",
        "    return key\n",
        "a key that was copied with its line end cannot be sent",
        SETTINGS,
    ),
    overlay(
        "settings",
        "timeout",
        "TIMEOUT = 60.0",
        "TIMEOUT = 6.0",
        "slow answers count as lost",
        SETTINGS,
    ),
    overlay(
        "limits",
        "longest",
        'len(value) > schema.get("maxLength", len(value))',
        'len(value) >= schema.get("maxLength", len(value) + 1)',
        "2,000 characters are refused",
        LIMITS,
    ),
    overlay(
        "limits", "bool", 'or (isinstance(value, bool) and kind != "boolean")', "", "True counts as one video", LIMITS
    ),
    overlay(
        "limits",
        "bytes",
        "if len(value) > schema.get(",
        "if len(value.encode()) > schema.get(",
        "a Chinese prompt has a third of the length",
        LIMITS,
    ),
    overlay(
        "wire",
        "registry",
        'url = settings.url(effect.service, arguments.pop("url"))',
        'url = settings.url("api", arguments.pop("url"))',
        "the registry is asked at the API's host",
        ("tests/journeys/test_auth.py", "tests/contract/test_requests.py"),
    ),
    overlay(
        "wire",
        "key-echoed",
        "if key and (key.encode() in content",
        "if key and (key.encode() == content",
        "an echoed key stands in errors",
        (*WIRE, "tests/journeys/test_secrecy.py"),
    ),
    overlay(
        "wire",
        "cut",
        "received < int(announced)",
        "received < int(announced) // 2",
        "a cut answer is read",
        WIRE,
    ),
    overlay(
        "wire",
        "proxy",
        '{"127.0.0.1", "localhost", "::1", *hosts}',
        "hosts",
        "a proxy sees what stays here",
        ("tests/journeys/test_auth.py",),
    ),
    overlay(
        "endpoint",
        "ascii",
        "json.dumps(body, ensure_ascii=False, allow_nan=False",
        "json.dumps(body, ensure_ascii=False, allow_nan=True",
        "NaN is sent",
        LIMITS,
    ),
    overlay(
        "endpoint",
        "extra",
        '{**request.pop("json"), **extra}',
        '{**extra, **request.pop("json")}',
        "extra_body is outranked by the request",
        LIMITS,
    ),
    overlay(
        "image_to_video",
        "omitted",
        '{"video_number": UNSET, "generate_audio": UNSET}',
        "{}",
        "sound is sent to models that know none",
        ("tests/contract/test_requests.py",),
    ),
    overlay(
        "image_to_video", "duration", "\nDURATION = 5\n", "\nDURATION = 10\n", "a video costs twice as much", LIMITS
    ),
    overlay(
        "image_to_video",
        "ratio",
        'ASPECT_RATIO = DefaultRatio("16:9")',
        'ASPECT_RATIO = DefaultRatio("9:16")',
        "videos are upright",
        LIMITS,
    ),
    overlay(
        "image_to_video",
        "one-video",
        'if (options.get("video_number") or 1) != 1:',
        'if (options.get("video_number") or 1) < 1:',
        "generate pays for videos that it does not fetch",
        ("tests/journeys/test_resources.py",),
    ),
    overlay(
        "image_to_video",
        "asked-ratio",
        "if isinstance(ratio, DefaultRatio) and ratios",
        "if ratio and ratios",
        "a ratio that was asked for is exchanged",
        ("tests/journeys/test_models.py",),
    ),
    overlay(
        "files",
        "suffix",
        'name = f"picture{picture.suffix}"',
        'name = "picture.png"',
        "the service refuses jpg pictures",
        ("tests/unit/overlay/test_upload_answers.py",),
    ),
    overlay(
        "files",
        "second",
        "if is_address(candidate):\n            return str(candidate)",
        "if candidate:\n            return str(candidate)",
        "a word is taken for an address",
        ("tests/unit/overlay/test_upload_answers.py",),
    ),
    overlay(
        "picture",
        "webp",
        'content[8:12] == b"WEBP"',
        'content[8:12] == b"WAVE"',
        "a sound is uploaded as a picture",
        PICTURE,
    ),
    overlay(
        "picture",
        "limit",
        "if len(content) > MOST_BYTES:",
        "if len(content) > 2 * MOST_BYTES:",
        "10 MB are exceeded",
        PICTURE,
    ),
]
