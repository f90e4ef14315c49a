"""Does one schema accept whatever another one does? Asked of jsonschema-rs, which decides it by meaning."""

from __future__ import annotations

from jsonschema_rs import ValidationError, canonicalize
from jsonschema_rs.canonical import CanonicalizationError, Containment

from spec_diff.contract import Contract, Node


def covers(wide: Node, wide_in: Contract, narrow: Node, narrow_in: Contract) -> bool:
    """Return whether the wide schema surely accepts everything that the narrow one does; "unknown" is a no."""
    if wide == narrow and wide_in.schemas == narrow_in.schemas:
        return True
    try:
        outer, inner = (
            canonicalize({**schema, "components": {"schemas": document.schemas}}, validate_formats=True)
            for schema, document in ((wide, wide_in), (narrow, narrow_in))
        )
        return outer.covers(inner) == Containment.YES
    except (ValidationError, CanonicalizationError):
        return False
