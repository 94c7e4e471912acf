"""moto's server, with AWS KMS's rules that moto leaves out: a key's state forbids its use, and a named key has to fit.

with kms_server() as url:
    boto3.client("kms", endpoint_url=url, ...)
"""

from __future__ import annotations

import contextlib
from unittest import mock

import pytest


@contextlib.contextmanager
def kms_server():
    """The URL of a server on a free loopback port; skips the test where moto is not installed."""
    pytest.importorskip("moto.server", reason="needs moto[server]")
    from moto.core.exceptions import JsonRESTError
    from moto.kms.models import KmsBackend
    from moto.server import ThreadedMotoServer

    def held_to(verb):
        def checked(backend, *args, **kwargs):
            key = backend.describe_key(kwargs["key_id"])
            if key.key_state == "PendingDeletion":
                raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
            if not key.enabled:
                raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
            return verb(backend, *args, **kwargs)

        return checked

    def decrypt(backend, **kwargs):
        named = backend.any_id_to_key_id(kwargs["key_id"])
        if kwargs["ciphertext_blob"][:36] != named.encode():
            raise JsonRESTError("IncorrectKeyException", "the ciphertext was made by another key")
        return original_decrypt(backend, **kwargs)

    original_decrypt = KmsBackend.decrypt
    rules = {verb: held_to(getattr(KmsBackend, verb)) for verb in ("encrypt", "generate_mac", "rotate_key_on_demand")}
    with mock.patch.multiple(KmsBackend, **rules, decrypt=held_to(decrypt)):
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        try:
            host, port = server.get_host_and_port()
            yield f"http://{host}:{port}"
        finally:
            server.stop()
