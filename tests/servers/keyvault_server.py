"""A loopback TLS server that speaks the Azure Key Vault keys protocol with real cryptography, and fails on command.

    with KeyVaultServer(server_context(authority.leaf())) as vault:
        vault.create_rsa("konverze"); pem = vault.create_ec("konverze-sign")
        AzureKeyVault(vault_url=vault.url, credential=StaticCredential(), ca_file=authority.ca_file, ...)
        vault.fail(Fault(status=429, headers={"Retry-After": "1"}), times=2)
        vault.disable("konverze"); vault.delete("konverze"); vault.operations["unwrapkey"]

The methods do what an operator does in the portal, without a request. Faults hit the next operations, in order, after
the caller has authenticated. RSA keys come from a `KeyPool`, because making one takes a tenth of a second.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AccessToken
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.servers.loopback import Handler, LoopbackServer

_OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
_DAY_S = 86_400
_LOGIN = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001"


class StaticCredential:
    """A `TokenCredential` with one token that never ends.

    Attributes:
        asked: How often a token was asked for.
        delay_s: How long that takes.
        error: What is raised instead.
    """

    def __init__(self, token: str = "test-token", *, delay_s: float = 0.0, error: Exception | None = None) -> None:
        self.token, self.delay_s, self.error, self.asked = token, delay_s, error, 0

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        self.asked += 1
        time.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        return AccessToken(self.token, int(time.time()) + 3600)


class KeyPool:
    """RSA keys, each made when first needed, handed out in turn; a pool may be shared by many servers.

    Args:
        bits: Length of the modulus.
        size: After so many keys the first one comes again.
    """

    def __init__(self, bits: int = 2048, size: int = 24) -> None:
        self._bits, self._size = bits, size
        self._keys: deque[rsa.RSAPrivateKey] = deque()
        self._lock = threading.Lock()

    def take(self) -> rsa.RSAPrivateKey:
        with self._lock:
            if len(self._keys) < self._size:
                self._keys.append(rsa.generate_private_key(public_exponent=65537, key_size=self._bits))
            else:
                self._keys.rotate(-1)
            return self._keys[-1]


SHARED_POOL = KeyPool()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What an operation gets instead of its answer.

    Attributes:
        kind: Hits operations of this kind only, such as `unwrapkey`; empty for all.
        delay_s: Silence before anything else happens; without another fault the answer follows.
        status: HTTP status of an error.
        code: Error code in its body; `inner` is the one inside `innererror`.
        headers: Further response headers.
        drops: Closes the connection.
        body: Sent with status 200 instead of the answer.
    """

    kind: str = ""
    delay_s: float = 0.0
    status: int | None = None
    code: str = "Injected"
    inner: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    drops: bool = False
    body: bytes | None = None


class _Refused(Exception):  # noqa: N818  (an answer, not an error)
    def __init__(self, status: int, code: str, inner: str = "", **headers: str) -> None:
        super().__init__(status, code)
        self.status, self.code, self.inner, self.headers = status, code, inner, headers


@dataclass(slots=True, kw_only=True)
class _Version:
    id: str
    kty: str
    private: Any
    created: int
    enabled: bool = True
    expires: int | None = None


@dataclass(slots=True, kw_only=True)
class _Key:
    versions: list[_Version] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)
    deleted_at: float = 0.0


class KeyVaultServer(LoopbackServer):
    """A vault, reached as `localhost`.

    Args:
        tls: The server's context.
        pool: Where RSA keys come from; made for each version when None, in the length that is asked for.
        soft_delete_days: How long deleted keys can be recovered.
        has_purge_protection: Whether deleted keys stay that long whatever is asked.
        operations_per_s: More are answered by 429; None for no limit.
        deletion_takes_s: How long a deleted key does not show among the deleted ones.

    Attributes:
        operations: Operations so far by kind; challenges are not counted.
        forbidden: Kinds of operations that are answered by 403.
        challenges: Requests that came without a token.
        token: The token that is let in.
        resource: What the challenge names.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        *,
        pool: KeyPool | None = SHARED_POOL,
        soft_delete_days: int = 90,
        has_purge_protection: bool = False,
        operations_per_s: float | None = None,
        deletion_takes_s: float = 0.0,
    ) -> None:
        self.operations: Counter[str] = Counter()
        self.forbidden: set[str] = set()
        self.challenges = 0
        self.token = "test-token"
        self.resource = "https://vault.azure.net"
        self.operations_per_s = operations_per_s
        self._pool, self._days, self._is_protected = pool, soft_delete_days, has_purge_protection
        self._deletion_takes_s = deletion_takes_s
        self._recent: deque[float] = deque()
        self._faults: list[Fault] = []
        self._keys: dict[str, _Key] = {}
        self._deleted: dict[str, _Key] = {}
        self._lock = threading.RLock()
        super().__init__(_Handler, tls=tls)
        self.url = f"https://localhost:{self.port}"

    # What an operator does

    def create_rsa(self, name: str, *, kty: str = "RSA") -> str:
        """Makes a key, or a new version of it; its full id."""
        return self._id(name, self._added(name, kty, 2048))

    def create_ec(self, name: str) -> str:
        """Makes a signing key, or a new version of it; its public key as PEM."""
        public = self._added(name, "EC", 0).private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def disable(self, name: str) -> None:
        """Disables all versions."""
        for version in self._keys[name].versions:
            version.enabled = False

    def enable(self, name: str) -> None:
        """Enables all versions."""
        for version in self._keys[name].versions:
            version.enabled = True

    def expire(self, name: str) -> None:
        """Lets the newest version end a minute ago."""
        self._keys[name].versions[-1].expires = int(time.time()) - 60

    def rotate(self, name: str) -> str:
        """Makes a new version, as the rotation policy does; its full id."""
        return self.create_rsa(name, kty=self._keys[name].versions[-1].kty)

    def delete(self, name: str) -> None:
        """Deletes the key; `recover` and `purge` are for deleted keys."""
        with self._lock:
            self._deleted[name] = self._keys.pop(name)
            self._deleted[name].deleted_at = time.time()

    def recover(self, name: str) -> None:
        """Brings a deleted key back."""
        with self._lock:
            self._keys[name] = self._deleted.pop(name)

    def purge(self, name: str) -> None:
        """Ends a deleted key for good, at the end of the soft-delete days as if they were over."""
        del self._deleted[name]

    def names(self) -> tuple[list[str], list[str]]:
        """Names of keys, and of deleted keys."""
        return sorted(self._keys), sorted(self._deleted)

    def fail(self, fault: Fault, *, times: int = 1) -> None:
        """Lets the next operations meet the fault."""
        with self._lock:
            self._faults.extend([fault] * times)

    def heal(self) -> None:
        """Forgets the faults that have not happened yet."""
        with self._lock:
            self._faults.clear()

    # What a request does

    def answered(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The JSON of the answer, or None for 204."""
        for kind, pattern, handle in _ROUTES:
            verb, _, form = pattern.partition(" ")
            if verb == method and (found := re.fullmatch(form, path)):
                self._admit(kind)
                return handle(self, body, *found.groups())
        raise _Refused(404, "NotFound")

    def _admit(self, kind: str) -> None:
        with self._lock:
            self.operations[kind] += 1
            fault = next((fault for fault in self._faults if fault.kind in {"", kind}), None)
            if fault is not None:
                self._faults.remove(fault)
        if fault is not None:
            self.stopping.wait(fault.delay_s)
            if fault.drops or fault.body is not None:
                raise _Broken(fault)
            if fault.status is not None:
                raise _Refused(fault.status, fault.code, fault.inner, **fault.headers)
        self._limit()
        if kind in self.forbidden:
            raise _Refused(403, "Forbidden", "ForbiddenByRbac")

    def _limit(self) -> None:
        if self.operations_per_s is None:
            return
        with self._lock:
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self.operations_per_s:
                raise _Refused(429, "Throttled", **{"Retry-After": "1"})
            self._recent.append(now)

    def _create(self, body: dict[str, Any], name: str) -> Any:
        if name in self._deleted:
            raise _Refused(409, "Conflict", "ObjectIsDeletedButRecoverable")
        return self._bundle(name, self._added(name, body["kty"], body.get("key_size", 0)))

    def _get(self, body: dict[str, Any], name: str, version: str | None) -> Any:
        return self._bundle(name, self._found(name, version))

    def _versions(self, body: dict[str, Any], name: str) -> Any:
        self._found(name, None)
        bundles = [self._bundle(name, version) for version in self._keys[name].versions]
        return {"value": [{"kid": one["key"]["kid"], "attributes": one["attributes"]} for one in bundles]}

    def _update(self, body: dict[str, Any], name: str, version: str | None) -> Any:
        found = self._found(name, version)
        found.enabled = body["attributes"].get("enabled", found.enabled)
        found.expires = body["attributes"].get("exp", found.expires)
        return self._bundle(name, found)

    def _rotate(self, body: dict[str, Any], name: str) -> Any:
        newest = self._found(name, None)
        return self._bundle(name, self._added(name, newest.kty, getattr(newest.private, "key_size", 0)))

    def _get_policy(self, body: dict[str, Any], name: str) -> Any:
        self._found(name, None)
        return self._keys[name].policy or {"lifetimeActions": [], "attributes": {}}

    def _set_policy(self, body: dict[str, Any], name: str) -> Any:
        self._found(name, None)
        self._keys[name].policy = {"id": f"{self.url}/keys/{name}/rotationpolicy", **body}
        return self._keys[name].policy

    def _delete(self, body: dict[str, Any], name: str) -> Any:
        self._found(name, None)
        self.delete(name)
        return self._deleted_bundle(name)

    def _get_deleted(self, body: dict[str, Any], name: str) -> Any:
        if name not in self._deleted or time.time() < self._deleted[name].deleted_at + self._deletion_takes_s:
            raise _Refused(404, "KeyNotFound")
        return self._deleted_bundle(name)

    def _recover(self, body: dict[str, Any], name: str) -> Any:
        self._get_deleted(body, name)
        self.recover(name)
        return self._bundle(name, self._found(name, None))

    def _purge(self, body: dict[str, Any], name: str) -> None:
        self._get_deleted(body, name)
        if self._is_protected:
            raise _Refused(403, "Forbidden", "PurgeProtectionEnabled")
        self.purge(name)

    def _use(self, body: dict[str, Any], name: str, version: str | None, operation: str) -> Any:
        found = self._found(name, version)
        if not found.enabled:
            raise _Refused(403, "Forbidden", "KeyDisabled")
        if operation != "unwrapkey" and found.expires is not None and found.expires < time.time():
            raise _Refused(403, "Forbidden", "KeyExpired")
        try:
            result = _USES[operation, body["alg"]](found.private, _bytes(body["value"]))
        except Exception:  # noqa: BLE001  (the vault tells no more, so that it is no oracle)
            raise _Refused(400, "BadParameter") from None
        return {"kid": self._id(name, found), "value": _text(result)}

    # Keys

    def _added(self, name: str, kty: str, bits: int) -> _Version:
        if kty.startswith("RSA"):
            made = self._pool.take() if self._pool else rsa.generate_private_key(65537, bits or 2048)
        elif kty.startswith("EC"):
            made = ec.generate_private_key(ec.SECP256R1())
        else:
            made = os.urandom(32)
        version = _Version(id=os.urandom(16).hex(), kty=kty, private=made, created=int(time.time()))
        with self._lock:
            self._keys.setdefault(name, _Key()).versions.append(version)
        return version

    def _found(self, name: str, version: str | None) -> _Version:
        versions = self._keys[name].versions if name in self._keys else []
        found = [held for held in versions if version in {None, held.id}]
        if not found:
            raise _Refused(404, "KeyNotFound")
        return found[-1]

    def _id(self, name: str, version: _Version) -> str:
        return f"{self.url}/keys/{name}/{version.id}"

    def _bundle(self, name: str, version: _Version) -> dict[str, Any]:
        attributes = {
            "enabled": version.enabled,
            "created": version.created,
            "updated": version.created,
            "recoveryLevel": "Recoverable" if self._is_protected else "Recoverable+Purgeable",
            "recoverableDays": self._days,
        }
        if version.expires is not None:
            attributes["exp"] = version.expires
        return {"key": {"kid": self._id(name, version), **_jwk(version)}, "attributes": attributes}

    def _deleted_bundle(self, name: str) -> dict[str, Any]:
        key = self._deleted[name]
        return {
            **self._bundle(name, key.versions[-1]),
            "recoveryId": f"{self.url}/deletedkeys/{name}",
            "deletedDate": int(key.deleted_at),
            "scheduledPurgeDate": int(key.deleted_at) + self._days * _DAY_S,
        }


_NAME = "/keys/([0-9a-zA-Z-]+)"
_DELETED = "/deletedkeys/([0-9a-zA-Z-]+)"
_VERSION = "/([0-9a-f]{32})"
_USE = f"POST {_NAME}(?:{_VERSION})?"
_ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("create", f"POST {_NAME}/create", KeyVaultServer._create),
    ("rotate", f"POST {_NAME}/rotate", KeyVaultServer._rotate),
    ("get policy", f"GET {_NAME}/rotationpolicy", KeyVaultServer._get_policy),
    ("set policy", f"PUT {_NAME}/rotationpolicy", KeyVaultServer._set_policy),
    ("get", f"GET {_NAME}(?:{_VERSION})?", KeyVaultServer._get),
    ("versions", f"GET {_NAME}/versions", KeyVaultServer._versions),
    ("update", f"PATCH {_NAME}{_VERSION}", KeyVaultServer._update),
    ("delete", f"DELETE {_NAME}", KeyVaultServer._delete),
    ("get deleted", f"GET {_DELETED}", KeyVaultServer._get_deleted),
    ("recover", f"POST {_DELETED}/recover", KeyVaultServer._recover),
    ("purge", f"DELETE {_DELETED}", KeyVaultServer._purge),
    *((kind, f"{_USE}/({kind})", KeyVaultServer._use) for kind in ("wrapkey", "unwrapkey", "sign")),
]


def _signed(private: ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    r, s = decode_dss_signature(private.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


_USES: dict[tuple[str, str], Callable[[Any, bytes], bytes]] = {
    ("wrapkey", "RSA-OAEP-256"): lambda key, value: key.public_key().encrypt(value, _OAEP),
    ("unwrapkey", "RSA-OAEP-256"): lambda key, value: key.decrypt(value, _OAEP),
    ("wrapkey", "A256KW"): aes_key_wrap,
    ("unwrapkey", "A256KW"): aes_key_unwrap,
    ("sign", "ES256"): _signed,
}


def _jwk(version: _Version) -> dict[str, Any]:
    if version.kty.startswith("RSA"):
        numbers = version.private.public_key().public_numbers()
        parts = {"n": _text(numbers.n.to_bytes(version.private.key_size // 8, "big")), "e": "AQAB"}
        return {"kty": version.kty, "key_ops": ["wrapKey", "unwrapKey"], **parts}
    if version.kty.startswith("EC"):
        numbers = version.private.public_key().public_numbers()
        parts = {axis: _text(getattr(numbers, axis).to_bytes(32, "big")) for axis in "xy"}
        return {"kty": version.kty, "key_ops": ["sign", "verify"], "crv": "P-256", **parts}
    return {"kty": version.kty, "key_ops": ["wrapKey", "unwrapKey"]}  # as an HSM answers: without the key


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Broken(Exception):  # noqa: N818  (it is in the script)
    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


class _Handler(Handler):
    disable_nagle_algorithm = True
    wbufsize = -1

    def _handle(self) -> None:
        vault = self.peer
        if vault.stopping.is_set():
            self.close_connection = True
            return
        raw = self.rfile.read(int(self.headers["content-length"] or 0))
        if self.headers["authorization"] != f"Bearer {vault.token}":
            vault.challenges += 1
            challenge = {"WWW-Authenticate": f'Bearer authorization="{_LOGIN}", resource="{vault.resource}"'}
            self._send(401, {"error": {"code": "Unauthorized", "message": "no token"}}, challenge)
            return
        try:
            answer = vault.answered(self.command, self.path.partition("?")[0].rstrip("/"), json.loads(raw or b"{}"))
        except _Refused as refused:
            inner = {"innererror": {"code": refused.inner}} if refused.inner else {}
            error = {"code": refused.code, "message": f"refused: {raw.decode()}", **inner}
            self._send(refused.status, {"error": error}, refused.headers)
        except _Broken as broken:
            if broken.fault.drops:
                self.close_connection = True
            else:
                self._send(200, broken.fault.body or b"", broken.fault.headers)
        else:
            self._send(200 if answer is not None else 204, answer, {})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815

    def _send(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_head(status, {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))})
        self.wfile.write(data)
        self.wfile.flush()
