"""A loopback server in a process of its own, as cheap as can be: constant answers over kept connections."""

import asyncio
import json
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

SUBMITTED = {"status": 0, "desc": "success", "message": "success", "data": {"batch_id": 1, "task_ids": ["t1"]}}
LOOKED = {"status": 0, "desc": "success", "message": "success", "data": {"task_id": "t1", "task_status": "processing"}}
VIDEO_BYTES = 200 * 1024 * 1024
PIECE = b"\0" * (1024 * 1024)


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


# What makes of zeros an MP4 by its structure: the head, and the start of a box that has all the rest.
_TRACK = _box(b"trak", _box(b"mdia", _box(b"hdlr", bytes(8) + b"vide" + bytes(13))))
_HEAD = _box(b"ftyp", b"isom" + bytes(4)) + _box(b"moov", _TRACK)
START = _HEAD + (VIDEO_BYTES - len(_HEAD)).to_bytes(4, "big") + b"mdat"


def _json(value: Any) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Counts:
    """What the server has counted, by its own account."""

    polls = connections = 0


async def _serve() -> None:
    posted, looked, counts = _json(SUBMITTED), _json(LOOKED), Counts()
    video = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n" % VIDEO_BYTES

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts.connections += 1
        while head := await reader.readuntil(b"\r\n\r\n"):
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    await reader.readexactly(int(line[15:]))
            if head.startswith(b"POST"):
                writer.write(posted)
            elif b"/status" in head:
                counts.polls += 1
                writer.write(looked)
            elif b"/counts" in head:
                # This connection is nobody's but the benchmark's own.
                counts.connections -= 1
                writer.write(_json({"polls": counts.polls, "connections": counts.connections}))
            else:
                writer.write(video)
                writer.write(START)
                for left in range(VIDEO_BYTES - len(START), 0, -len(PIECE)):
                    writer.write(PIECE[:left])
                    await writer.drain()
            await writer.drain()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    context = None
    if sys.argv[1:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[1:])
    server = await asyncio.start_server(guarded, "127.0.0.1", 0, limit=2**20, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Server:
    """The server, and what it counted; over TLS with the files of a certificate and its key."""

    def __init__(self, *certificate: Path) -> None:
        self._certificate = certificate

    def __enter__(self) -> "Server":
        program = [sys.executable, str(Path(__file__)), *map(str, self._certificate)]
        self._process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self.url = f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def counted(self) -> tuple[int, int]:
        """Return the polls and the connections so far."""
        with urllib.request.urlopen(f"{self.url}/counts") as answer:
            counts = json.load(answer)
        return counts["polls"], counts["connections"]


if __name__ == "__main__":
    asyncio.run(_serve())
