"""S3 over real HTTP on loopback: moto's server, whose put-if-absent is S3's.

with MotoS3Server() as server:
    open_blob_store("s3://bucket", config=server.config)
"""

from __future__ import annotations

import urllib.request
from typing import Self

import pytest


class MotoS3Server:
    """A server with one bucket, called `bucket`; skips the test where moto is not installed.

    Attributes:
        endpoint: Its URL.
        config: What `open_blob_store` needs to reach it.
    """

    def __init__(self) -> None:
        moto_server = pytest.importorskip("moto.server", reason="needs moto: pip install 'konverze-rag[faults]'")
        self._server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)

    def __enter__(self) -> Self:
        self._server.start()
        self.host, self.port = self._server.get_host_and_port()
        self.endpoint = f"http://{self.host}:{self.port}"
        request = urllib.request.Request(f"{self.endpoint}/bucket", method="PUT")
        urllib.request.urlopen(request, timeout=30).close()
        self.config = {
            "endpoint": self.endpoint,
            "access_key_id": "test",
            "secret_access_key": "moto-canary-secret",
            "region": "us-east-1",
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
