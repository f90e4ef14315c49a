"""A port that lets nothing through: what it does with a connection, before any request could be served."""

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Door:
    """Does the same with each connection: waits for bytes if it `listens`, then says `says`, and ends it.

    `resets` ends with a TCP reset; `opens` keeps the connection open and silent instead. `heard` holds what came.
    """

    says: bytes = b""
    listens: bool = True
    resets: bool = False
    opens: bool = False
    heard: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._ended = threading.Event()
        self.met = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            connection, _ = self._listener.accept()
            with connection, contextlib.suppress(OSError):
                self._treat(connection)

    def _treat(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self._ended.is_set():
            return
        if self.listens:
            self.heard.append(connection.recv(65536))
        self.met.set()
        connection.sendall(self.says)
        if self.opens:
            self._ended.wait(20)
        if self.resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
