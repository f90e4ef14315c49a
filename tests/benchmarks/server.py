"""A loopback server in a process of its own, as cheap as can be: constant answers over kept connections."""

import asyncio
import json
import multiprocessing
import time
from multiprocessing.sharedctypes import Synchronized
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


async def _serve(port: "Synchronized[int]", polls: "Synchronized[int]", connections: "Synchronized[int]") -> None:
    posted, looked = _json(SUBMITTED), _json(LOOKED)
    video = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n" % VIDEO_BYTES

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.value += 1
        while head := await reader.readuntil(b"\r\n\r\n"):
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    await reader.readexactly(int(line[15:]))
            if head.startswith(b"POST"):
                writer.write(posted)
            elif b"/status" in head:
                polls.value += 1
                writer.write(looked)
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

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, limit=2**20)
    port.value = server.sockets[0].getsockname()[1]
    await server.serve_forever()


def _run(*shared: Any) -> None:
    asyncio.run(_serve(*shared))


class Server:
    """The server, and what it counted."""

    def __enter__(self) -> "Server":
        context = multiprocessing.get_context("spawn")
        self.port, self.polls, self.connections = (context.Value("i", 0) for _ in range(3))
        self._process = context.Process(target=_run, args=(self.port, self.polls, self.connections), daemon=True)
        self._process.start()
        while not self.port.value:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self.port.value}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()
