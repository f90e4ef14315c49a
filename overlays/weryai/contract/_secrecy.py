"""Finds the key in whatever spelling, and takes it out of what is kept."""

from __future__ import annotations

import base64
import html
from urllib.parse import quote, unquote_to_bytes

from weryai._transport.http import _hide

MASK = "***"
SHORTEST_KEY = 8


class Secret:
    """A key that may be sent, and that nothing may show."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def hide(self, content: bytes) -> bytes:
        """The same without the key: plain, escaped as in JSON, in wide characters, in an address or a page."""
        content = _hide(content, self.key)
        for spelling in self._spellings():
            content = content.replace(spelling, MASK.encode())
        return content

    def hide_text(self, text: str) -> str:
        """The same for text."""
        return self.hide(text.encode(errors="replace")).decode(errors="replace")

    def is_in(self, content: bytes) -> bool:
        """Whether the key stands there in any spelling, one inside another included."""
        return any(self.hide(layer) != layer for layer in (content, unquote_to_bytes(content)))

    def _spellings(self) -> set[bytes]:
        """Other ways to write it: of an encoding in base64 the part that does not depend on its neighbours."""
        key = self.key.encode()
        shifted = (
            base64.b64encode(bytes(shift) + key)[-(-8 * shift // 6) : 8 * (shift + len(key)) // 6] for shift in range(3)
        )
        percent = "".join(f"%{byte:02x}" for byte in key)
        entities = "".join(f"&#{byte};" for byte in key)
        escaped = html.escape(self.key)
        pages = {
            escaped,
            html.escape(self.key, quote=False).replace('"', "&quot;"),
            html.escape(self.key, quote=False),
            escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
        }
        texts = pages | {quote(self.key, safe=""), percent, percent.upper(), entities}
        return {text.encode() for text in texts} | {part for part in shifted if len(part) >= SHORTEST_KEY}
