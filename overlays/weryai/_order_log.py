"""What a paid request is noted in, as the runners see it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Keeper(Protocol):
    """Whatever keeps paid orders on disk: a journal, or the ledger of a bulk run."""

    def _scoped(self, base_url: str, key: str) -> Any: ...
    def close(self) -> None: ...
