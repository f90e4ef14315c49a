"""The callback URL: the user's own, with a secret in its query by which a delivery is known to answer us."""

from __future__ import annotations

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
