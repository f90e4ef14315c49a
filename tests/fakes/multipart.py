"""Read a multipart/form-data body with the standard library's mail parser, as a strict server would."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP

from fakes.faulty_server import SeenRequest


@dataclass(frozen=True)
class Part:
    """One part of a form."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def parts(request: SeenRequest) -> dict[str, Part]:
    """Return the parts of a form by their names."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    found = [_part(one) for one in message.walk() if not one.is_multipart()]
    return {part.name: part for part in found}


def _part(message: Message) -> Part:
    content = message.get_payload(decode=True)
    assert isinstance(content, bytes)
    name = message.get_param("name", header="content-disposition")
    return Part(str(name), message.get_filename(), message.get_content_type(), content)
