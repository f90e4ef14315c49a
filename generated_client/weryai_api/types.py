"""Contains some shared types for properties"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    BinaryIO,
    ClassVar,
    Generic,
    Literal,
    Self,
    TypeVar,
    cast,
)
from urllib.parse import quote

from . import errors

if TYPE_CHECKING:
    import httpx

    from .client import Client


class Unset:
    def __bool__(self) -> Literal[False]:
        return False


UNSET: Unset = Unset()

# The types that `httpx.Client(files=)` can accept, copied from that library.
FileContent = IO[bytes] | bytes | str
FileTypes = (
    # (filename, file (or bytes), content_type)
    tuple[str | None, FileContent, str | None]
    # (filename, file (or bytes), content_type, headers)
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
RequestFiles = list[tuple[str, FileTypes]]


class Model:
    """A part of the API that is read from JSON and written as JSON"""

    __slots__ = ()
    __attrs_attrs__: ClassVar[tuple[Any, ...]]
    # What a field is read into: names of models and enumerations, those of a list's items in brackets.
    _kinds: ClassVar[dict[str, tuple[Any, ...]]] = {}
    # The names of fields that are other ones in JSON.
    _names: ClassVar[dict[str, str]] = {}

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read JSON: what does not fit is kept as it came; a KeyError says that a required field is missing"""
        from attrs import NOTHING

        d, given = dict(src_dict), {}
        for one in cls.__attrs_attrs__:
            if one.init:
                name = cls._names.get(one.name, one.name)
                value = d.pop(name) if one.default is NOTHING else d.pop(name, UNSET)
                given[one.name] = _read(value, cls._kinds.get(one.name, ()))
        made: Any = cast(Any, cls)(**given)
        if hasattr(made, "additional_properties"):
            made.additional_properties = d
        return cast(Self, made)

    def to_dict(self) -> dict[str, Any]:
        """Write JSON, without the fields that are UNSET"""
        written = dict(self.additional_properties) if isinstance(self, OpenModel) else {}
        for one in self.__attrs_attrs__:
            if one.init and (value := getattr(self, one.name)) is not UNSET:
                written[self._names.get(one.name, one.name)] = _written(value)
        return written


def _read(value: Any, kinds: Iterable[Any]) -> Any:
    """Read a value into the first of its kinds that it is"""
    from . import models

    for kind in kinds:
        if isinstance(kind, list):
            if isinstance(value, list):
                return [_read(one, kind) for one in value]
            continue
        made = getattr(models, kind)
        if isinstance(value, dict) if issubclass(made, Model) else type(value) in (str, int):
            try:
                return made.from_dict(value) if issubclass(made, Model) else made(value)
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
    return value


def _written(value: Any) -> Any:
    if isinstance(value, list):
        return [_written(one) for one in value]
    return value.to_dict() if isinstance(value, Model) else value.value if isinstance(value, Enum) else value


class OpenModel(Model):
    """A model that keeps fields which the contract does not name; they are reached by their names"""

    __slots__ = ()
    additional_properties: dict[str, Any]

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


@dataclass(slots=True)
class File:
    """Contains information for file uploads"""

    payload: BinaryIO
    file_name: str | None = None
    mime_type: str | None = None

    def to_tuple(self) -> FileTypes:
        """Return a tuple representation that httpx will accept for multipart/form-data"""
        return self.file_name, self.payload, self.mime_type


def path_segment(value: object, name: str) -> str:
    """Quote a path parameter, or raise ValueError for one that httpx would remove from the path"""
    text = str(value)
    if text in ("", ".", ".."):
        raise ValueError(f"{name} must not be {text!r}: it would address another operation")
    return quote(text, safe="")


T = TypeVar("T")


@dataclass(slots=True)
class Response(Generic[T]):
    """A response from an endpoint"""

    status_code: int
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T | None


def build_response(parse: Callable[..., T], client: Client, response: httpx.Response) -> Response[T]:
    """Read a response; a success that cannot be read raises what the parser did, an error UnexpectedStatus"""
    parsed: T | None = None
    try:
        parsed = parse(client=client, response=response)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as unreadable:
        if response.is_success:
            raise
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedStatus(response.status_code, response.content) from unreadable
    return Response(response.status_code, response.content, response.headers, parsed)


__all__ = [
    "UNSET",
    "File",
    "FileTypes",
    "Model",
    "OpenModel",
    "RequestFiles",
    "Response",
    "Unset",
    "build_response",
    "path_segment",
]
