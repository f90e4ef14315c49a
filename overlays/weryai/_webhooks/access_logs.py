"""Access logs of web servers hold the URL of each request: a filter that takes the secret of a callback URL out."""

from __future__ import annotations

import contextlib
import logging
import re

from .callback_url import FIELD

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
