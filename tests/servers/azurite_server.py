"""Azure Blob Storage over TLS on loopback: Microsoft's Azurite, an npm package that `make faults` installs.

with AzuriteServer(tmp_path) as server:
    open_blob_store("az://blobs", config=server.config, root_certificate=server.root_certificate)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from email.utils import formatdate
from pathlib import Path
from typing import Self
from urllib.error import HTTPError

import pytest

from tests.servers.certificates import Authority

COMMAND_VARIABLE = "KONVERZE_AZURITE"
START_TIMEOUT_S = 30.0
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # documented
API_VERSION = "2021-12-02"

_INSTALLED = Path(__file__).parents[2] / "build/azurite/node_modules/.bin/azurite-blob"


class AzuriteServer:
    """A server with one container, called `blobs`; skips the test where Azurite is not installed.

    Attributes:
        endpoint: URL of its account.
        config: What `open_blob_store` needs to reach it.
        root_certificate: PEM of the authority that signed its certificate.
    """

    def __init__(self, folder: Path) -> None:
        command = os.environ.get(COMMAND_VARIABLE) or str(_INSTALLED)
        if shutil.which(command) is None:
            pytest.skip(f"needs Azurite: `make faults` installs it by npm, or {COMMAND_VARIABLE} names the command")
        self._command = command
        self._folder = folder
        self._authority = Authority(folder)
        self.root_certificate = self._authority.ca_file.read_bytes()

    def __enter__(self) -> Self:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        leaf = self._authority.leaf()
        self.endpoint = f"https://127.0.0.1:{self.port}/{ACCOUNT}"
        self.config = {"endpoint": self.endpoint, "account_name": ACCOUNT, "account_key": ACCOUNT_KEY}
        options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
        place = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        self._log = (self._folder / "azurite.log").open("wb")
        self._process = subprocess.Popen(
            [self._command, *options, *place, "--cert", str(leaf.cert_file), "--key", str(leaf.key_file)],
            cwd=self._folder, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            self._create_container("blobs")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _create_container(self, name: str) -> None:
        """Once it answers; signed by the account's key, as the REST reference of "Shared Key" says."""
        stamped = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": API_VERSION}
        headers = "".join(f"{key}:{value}\n" for key, value in sorted(stamped.items()))
        signed = "PUT" + "\n" * 12 + f"{headers}/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        mac = hmac.new(base64.b64decode(ACCOUNT_KEY), signed.encode(), hashlib.sha256).digest()
        stamped["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}"
        request = urllib.request.Request(f"{self.endpoint}/{name}?restype=container", method="PUT", headers=stamped)
        context = ssl.create_default_context(cafile=str(self._authority.ca_file))
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                urllib.request.urlopen(request, timeout=5, context=context).close()
            except HTTPError:
                raise
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                return
