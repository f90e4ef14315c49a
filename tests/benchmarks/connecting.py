"""What the fresh connection of a paid request costs, apart from us: raw httpx with and without kept connections."""

import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from .calling import CALLS, ORDER
from .server import Server
from .table import Row, interleaved

ROUNDS, MANY = 5, CALLS // 3
_MAKE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
    "-addext subjectAltName=DNS:localhost,IP:127.0.0.1"
)


def rows(server: Server) -> list[Row]:
    """Measure processor time and time on plain connections and over TLS 1.3, on this machine."""
    found = _measured("plain", server.url, True)
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        try:
            subprocess.run([*_MAKE.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
        except FileNotFoundError:
            # There is no openssl.
            return found
        with Server(certificate, key) as guarded:
            return found + _measured("TLS", guarded.url, ssl.create_default_context(cafile=str(certificate)))


def _measured(kind: str, url: str, verify: ssl.SSLContext | bool) -> list[Row]:
    """Compare a POST on a fresh connection with one on a kept connection: the difference is its cost."""
    fresh = httpx.Client(verify=verify, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
    kept = httpx.Client(verify=verify, trust_env=False)
    posted = f"{url}/v1/generation/image-to-video"

    def many(client: httpx.Client, clock: float) -> float:
        begun = time.process_time() if clock else time.perf_counter()
        for _ in range(MANY):
            client.post(posted, json=ORDER).raise_for_status()
        return ((time.process_time() if clock else time.perf_counter()) - begun) / MANY * 1000

    table = []
    for what, clock in (("CPU", 1), ("time", 0)):
        mine, its = map(sorted, interleaved(lambda c=clock: many(fresh, c), lambda c=clock: many(kept, c), ROUNDS))
        one, two = mine[ROUNDS // 2], its[ROUNDS // 2]
        label = f"{what} of a fresh connection, {kind}, raw httpx"
        table.append(Row(label, f"{one:.2f} ms", f"{two:.2f} ms", one - two, None, "ms"))
    fresh.close()
    kept.close()
    return table
