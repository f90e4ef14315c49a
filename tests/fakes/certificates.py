"""A certificate for a server of the tests, made anew in each run: a committed one would have its key in public."""

from __future__ import annotations

import subprocess
from pathlib import Path

OPENSSL = """
[req]
distinguished_name = subject
x509_extensions = extensions
prompt = no
[subject]
CN = weryai.test
[extensions]
subjectAltName = DNS:weryai.test, IP:127.0.0.1
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
subjectKeyIdentifier = hash
"""


def certificate_in(folder: Path) -> str:
    """Make a certificate of weryai.test and 127.0.0.1 with its key, valid for two days; return their one file."""
    folder.joinpath("openssl.cnf").write_text(OPENSSL, encoding="utf-8")
    command = "openssl req -x509 -config openssl.cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    files = ["-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run([*command.split(), *files], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text("".join((folder / name).read_text() for name in ("key.pem", "certificate.pem")))
    return str(both)
