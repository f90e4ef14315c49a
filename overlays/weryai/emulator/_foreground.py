"""The emulator in the foreground, for a person."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Unpack

from weryai.emulator._http.uvicorn_server import HOST
from weryai.emulator._server import Emulator
from weryai.emulator._state.settings import Options

#: Which dialect is spoken, and that there is another.
DIALECT_LINES = {
    "page": "It answers as the documentation prints it; --dialect seen answers as clients report it from production",
    "seen": "It answers as clients report it from production; --dialect page answers as the documentation prints it",
}


def serve(port: int = 0, host: str = HOST, **options: Unpack[Options]) -> None:
    """Run an emulator in the foreground until Ctrl-C or SIGTERM, and say how to use it; the options are `Settings`.

    Raises OSError whose `strerror` is a sentence for the person at the terminal, if the port is taken.
    """
    emulator = Emulator(port=port, host=host, **options)
    with suppress(KeyboardInterrupt), asked_to_end() as end, emulator:
        tell(greeting(emulator))
        # Not for ever at once: on Windows that could not be interrupted.
        while not end.wait(0.5):
            pass
    tell("\nThe emulator has ended.")


@contextmanager
def asked_to_end() -> Generator[threading.Event, None, None]:
    """Give an event that SIGTERM sets, where signals can be handled."""
    end = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield end
        return
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: end.set())
    try:
        yield end
    finally:
        signal.signal(signal.SIGTERM, before)


def tell(text: str) -> None:
    """Write to stdout at once, also where it is a pipe; whether somebody reads it changes nothing."""
    with suppress(OSError, ValueError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def greeting(emulator: Emulator) -> str:
    """Say where the emulator is and what a client needs to reach it."""
    return (
        f"WeryAI emulator on {emulator.url}, key {emulator.key} (Ctrl-C ends it)\n"
        f"export WERYAI_BASE_URL={emulator.url}\n"
        f"export WERYAI_MODELS_BASE_URL={emulator.url}\n"
        f"export WERYAI_API_KEY={emulator.key}\n"
        f"Watch it at {emulator.url}/\n{DIALECT_LINES[emulator.dialect]}"
    )
