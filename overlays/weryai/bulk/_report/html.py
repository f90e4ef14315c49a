"""HTML as a tree: whatever text goes in is text, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Child: TypeAlias = "Element | str | int | Iterable[Child] | None"
#: What no page may hold, not even as text.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def h(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Element:
    """Make an element; `class_` is the attribute class, `data_state` is data-state, True is one without a value."""
    element = Element(name)
    for word, value in attributes.items():
        if value is not None and value is not False:
            element.set(word.rstrip("_").replace("_", "-"), "" if value is True else clean(str(value)))
    _fill(element, children)
    return element


def clean(text: str) -> str:
    """A text without the letters that a page may not hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def markup(element: Element) -> str:
    """Write a tree as HTML."""
    return ElementTree.tostring(element, encoding="unicode", method="html")


def _fill(element: Element, children: Iterable[Child]) -> None:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Element):
            element.append(child)
        elif isinstance(child, str | int):
            _write(element, clean(str(child)))
        else:
            _fill(element, child)


def _write(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
