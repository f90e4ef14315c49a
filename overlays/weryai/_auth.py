"""The bearer key, on the API's own origins only."""

from __future__ import annotations

import httpx

from ._settings import Settings


def sign(request: httpx.Request, settings: Settings) -> None:
    """Add the key to a request to the API or the models registry, and to no other.

    The key is asked for each time, so that a function given as `api_key` can rotate it.
    """
    url = request.url
    if (url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)) in settings.origins:
        request.headers["Authorization"] = f"Bearer {settings.key()}"
