"""The callback URL: the user's own, with a secret in its query by which a delivery is known to answer us.

Access logs of web servers hold the URL of each request: a filter takes the secret out.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
from urllib.parse import quote, unquote_plus

from .._protocol.validation import field_problems
from ..errors import ConfigurationError

FIELD = "weryai_secret"
SHORTEST_SECRET = 16
LONGEST_SECRET = 256


def check_secret(secret: str | None) -> str:
    """Make a secret if none is given; refuse one that could be guessed."""
    if secret is None:
        return secrets.token_urlsafe(32)
    if not isinstance(secret, str) or not secret.isprintable() or secret != secret.strip():
        raise ConfigurationError("the secret of a webhook must be a printable text without spaces around it")
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise ConfigurationError(
            f"the secret of a webhook must have {SHORTEST_SECRET} to {LONGEST_SECRET} characters; "
            "secrets.token_urlsafe() makes a good one"
        )
    return secret


def with_secret(url: str, secret: str) -> str:
    """Put the secret into a URL's query, behind what stands there already."""
    problems = field_problems("ImageToVideoRequest", "webhook_url", url)
    if problems:
        raise ConfigurationError(f"the URL of a webhook {'; '.join(problems)}")
    if "#" in url:
        raise ConfigurationError("the URL of a webhook must not hold a fragment (#): nobody would be sent it")
    if _secrets_in(url):
        raise ConfigurationError(f"the URL of a webhook must not hold {FIELD} already: it is put there")
    base, mark, query = url.partition("?")
    return f"{base}?{query}{'&' if mark and query else ''}{FIELD}={quote(secret, safe='')}"


def knows_secret(address: str | bytes, secret: str) -> bool:
    """Whether a URL, or its query alone, holds the secret; the time taken does not tell how much was right."""
    text = address.decode("latin-1") if isinstance(address, bytes) else address
    given = _secrets_in(text) if isinstance(text, str) else []
    guess = given[0] if len(given) == 1 else ""
    return secrets.compare_digest(guess.encode(errors="replace"), secret.encode())


def _secrets_in(address: str) -> list[str]:
    fields = (part.partition("=") for part in re.split("[?&#]", address))
    return [unquote_plus(value) for name, _, value in fields if unquote_plus(name) == FIELD]


#: Where servers and frameworks write what was asked of them.
LOGGERS = (
    "uvicorn.access",
    "uvicorn.asgi",
    "gunicorn.access",
    "hypercorn.access",
    "aiohttp.access",
    "tornado.access",
    "werkzeug",
    "django.server",
    "django.request",
)
# The name may be percent-encoded, letter by letter, and once more where a URL stands in another one's query.
_NAME = "".join(f"(?:{re.escape(sign)}|%(?:25)*{ord(sign):02x})" for sign in FIELD)
_SECRET = re.compile(rf"({_NAME}(?:=|%(?:25)*3d|[\"']\s*:\s*b?[\"']))[^&#\s\"'\\]*", re.IGNORECASE)


class SecretFilter(logging.Filter):
    """Writes asterisks for the secret of a callback URL in every line of a log; drops no line.

    For a logger or a handler, also by its name in a `logging.config`: `{"()": "weryai.webhooks.SecretFilter"}`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the secret out of a line and of what it is made of, and let it pass."""
        if isinstance(record.args, tuple):
            # uvicorn's own formatter wants them, as many as they are.
            record.args = tuple(_hidden(one) if isinstance(one, str) else one for one in record.args)
        # A line that cannot be made is for logging itself to tell.
        with contextlib.suppress(Exception):
            text = record.getMessage()
            if (hidden := _hidden(text)) != text:
                record.msg, record.args = hidden, None
        return True


def keep_secrets_out() -> None:
    """Put the filter on the loggers of the known servers, once."""
    for logger in map(logging.getLogger, LOGGERS):
        if not any(isinstance(one, SecretFilter) for one in logger.filters):
            logger.addFilter(SecretFilter())


def _hidden(text: str) -> str:
    return _SECRET.sub(r"\1***", text)
