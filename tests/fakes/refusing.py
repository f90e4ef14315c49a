"""A loopback port that refuses every connection, for as long as it is held."""

import socket
from typing import Self


class RefusingPort:
    """Bound but never listening: nobody else can open it, and every connect is refused."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the port go."""
        self._socket.close()
