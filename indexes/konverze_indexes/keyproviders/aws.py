"""A key provider whose keys are in AWS KMS, and never leave it.

The service binds the encryption context to each ciphertext; it also writes it, in the clear, into CloudTrail. To what
the caller gives, `konverze-prefix` is added, so that one deployment does not unwrap what another one wrapped, and
`konverze-version`, so that no ciphertext passes for one of another version.

AWS rotates a key under one and the same ARN, and does not say which version made a ciphertext. So versions are counted:
`<ARN>#<completed rotations>`. A key that AWS rotates by itself gets a new version here within `VERSION_CACHE_S`, so
that a rewrap follows. All versions decrypt for as long as the key exists.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from konverze_core.clock import SystemClock
from konverze_core.errors import ConfigError, IntegrityError, KeyDestroyedError, KeyUnavailableError
from konverze_core.names import checked_kek_name
from konverze_core.protocols import SHARED_KEK, Clock, KekDestruction, KekVersion, WrappedKey
from konverze_core.wrapping import checked_own_kek, checked_payload
from konverze_indexes.keyproviders.aws_calls import KmsCalls, check_state, unless
from konverze_indexes.keyproviders.remote import TIMEOUT_S, HeldVersions, signed_bytes

if TYPE_CHECKING:
    import boto3
    from types_boto3_kms import KMSClient

DELETION_WINDOW_DAYS = 7
"""For so long AWS keeps a deleted key recoverable; it allows no shorter time."""

ROTATION_DAYS_MIN, ROTATION_DAYS_MAX = 90, 2560
"""What AWS allows between two rotations that it makes by itself."""

CIPHERTEXT_BYTES_MAX = 6144
"""Longest ciphertext that AWS takes."""

MAC_BYTES = 32

_ROTATION_POLL_S = 0.5
_KEY_ID = re.compile(r"(arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key)/[A-Za-z0-9-]{1,64}", re.ASCII)
_VERSIONED_KEY_ID = re.compile(rf"(?P<arn>{_KEY_ID.pattern})#(0|[1-9]\d{{0,8}})", re.ASCII)


class AwsKms:
    """`KeyProvider` over AWS KMS; safe to share between threads.

    The shared KEK is a symmetric key, the signing key one of `HMAC_256`; both are made by whoever owns the account.
    Other KEKs are made here, under the alias `alias/<prefix>/<name>`; once AWS has deleted such a key it forgets the
    name, too. A change of a key's state takes effect within seconds, by AWS's own account sometimes within minutes.

    The identity needs `kms:DescribeKey`, `Encrypt`, `Decrypt`, `ListKeyRotations` and, as far as they are used,
    `RotateKeyOnDemand`, `GetKeyRotationStatus`, `EnableKeyRotation`, `DisableKeyRotation`, `CreateKey`, `CreateAlias`
    and `ScheduleKeyDeletion`; `GenerateMac` and `VerifyMac` on the signing key.

    Args:
        key: The shared KEK: ARN, id or alias; an ARN saves a call.
        signing_key: ARN, id or alias of the signing key.
        region: Region of the keys.
        prefix: Name of the deployment; it can never change.
        endpoint_url: An address of the service other than the region's own: https, or http on this machine.
        ca_file: PEM file of the authorities that are trusted instead of the public ones.
        session: Gives the credentials; by default boto3 looks for them where it always does.
        timeout_s: Longest time of a verb, retries included.
        clock: Tells when to ask for the version again.

    Raises:
        ConfigError: An argument is no legal one.
    """

    def __init__(
        self,
        *,
        key: str,
        signing_key: str,
        region: str,
        prefix: str = "konverze",
        endpoint_url: str | None = None,
        ca_file: Path | None = None,
        session: boto3.Session | None = None,
        timeout_s: float = TIMEOUT_S,
        clock: Clock | None = None,
    ) -> None:
        self._key = key
        self._signing_key = signing_key
        self._region = region
        self._prefix = checked_kek_name(prefix)
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._calls = KmsCalls(region, session, endpoint_url=endpoint_url, ca_file=ca_file, timeout_s=timeout_s)
        self._arns: dict[str, str] = {SHARED_KEK: key} if _KEY_ID.fullmatch(key) else {}
        self._versions = HeldVersions(self._clock)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host that keeps the keys."""
        return (urlsplit(self._calls.client.meta.endpoint_url).hostname or "",)

    def __repr__(self) -> str:
        return f"AwsKms(key={self._key!r}, region={self._region!r}, prefix={self._prefix!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key providers are not pickled or copied")

    def close(self) -> None:
        """Closes all connections."""
        self._calls.client.close()

    def wrap(self, payload: bytes, *, context: Mapping[str, str], kek: str = SHARED_KEK) -> WrappedKey:
        """Encrypts a key under the newest version of a KEK, bound to the context.

        Raises:
            ConfigError: The payload is not 16 to 128 bytes, a multiple of 8, or the name is not legal.
            KeyProviderError: As the protocol says.
        """
        checked_payload(payload)
        checked_kek_name(kek)

        def verb(client: KMSClient) -> WrappedKey:
            version = self._current(kek)
            arn = _arn_of(version)
            bound = self._bound(context, version.key_id)
            with self._calls.using(arn):
                answer = client.encrypt(KeyId=arn, Plaintext=payload, EncryptionContext=bound)
            return WrappedKey(key_id=version.key_id, ciphertext=answer["CiphertextBlob"])

        return self._calls.make(verb)

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Decrypts what `wrap` made, by the key that `wrapped` names, which is one of this account and region.

        Raises:
            IntegrityError: Another account, region, deployment or context, or a changed ciphertext.
            KeyProviderError: As the protocol says.
        """
        named = _VERSIONED_KEY_ID.fullmatch(wrapped.key_id)
        if named is None or not 0 < len(wrapped.ciphertext) <= CIPHERTEXT_BYTES_MAX:
            raise IntegrityError("a wrapped key was not made by AWS KMS")
        arn = named["arn"]
        bound = self._bound(context, wrapped.key_id)

        def verb(client: KMSClient) -> bytes:
            if arn.partition("/")[0] != self._arn(SHARED_KEK).partition("/")[0]:
                raise IntegrityError("a wrapped key names a key of another account or region")
            with self._calls.using(arn):
                answer = client.decrypt(KeyId=arn, CiphertextBlob=wrapped.ciphertext, EncryptionContext=bound)
            return answer["Plaintext"]

        return self._calls.make(verb)

    def sign(self, message: bytes) -> bytes:
        """A MAC of 32 bytes, HMAC-SHA256 over the deployment's prefix and the message's SHA-256.

        Raises:
            KeyProviderError: As the protocol says.
        """
        digest = signed_bytes(self._prefix, message)

        def verb(client: KMSClient) -> bytes:
            with self._calls.using(self._signing_key):
                return client.generate_mac(KeyId=self._signing_key, Message=digest, MacAlgorithm="HMAC_SHA_256")["Mac"]

        return self._calls.make(verb)

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made.

        Raises:
            IntegrityError: The signature does not fit the message.
            KeyProviderError: As the protocol says.
        """
        if len(signature) != MAC_BYTES:
            raise IntegrityError("a signature does not fit its message")
        digest = signed_bytes(self._prefix, message)

        def verb(client: KMSClient) -> bool:
            with self._calls.using(self._signing_key):
                return client.verify_mac(
                    KeyId=self._signing_key, Message=digest, MacAlgorithm="HMAC_SHA_256", Mac=signature
                )["MacValid"]

        if not self._calls.make(verb):
            raise IntegrityError("a signature does not fit its message")

    def current_version(self, kek: str = SHARED_KEK) -> KekVersion:
        """The version that `wrap` uses now, at most `VERSION_CACHE_S` old.

        Raises:
            KeyProviderError: As the protocol says.
        """
        checked_kek_name(kek)
        return self._calls.make(lambda _: self._current(kek))

    def rotate(self, kek: str = SHARED_KEK) -> KekVersion:
        """Asks AWS for a new version; older ones still decrypt.

        AWS rotates in the background: when it takes long, the old version is told, and `current_version` tells the new
        one later. It allows 25 such rotations in the life of a key.

        Raises:
            KeyProviderError: As the protocol says.
        """
        checked_kek_name(kek)

        def verb(client: KMSClient) -> KekVersion:
            before = self._asked(kek)
            with self._calls.using(_arn_of(before)):
                client.rotate_key_on_demand(KeyId=_arn_of(before))
            enough_s = time.monotonic() + self._timeout_s / 2
            while (now := self._asked(kek)) == before and time.monotonic() < enough_s:
                time.sleep(_ROTATION_POLL_S)
            return now

        return self._calls.make(verb, repeatable=False)

    def create_kek(self, kek: str) -> None:
        """Makes a key and its alias, unless there is one; of several makers one wins, and the others' keys are deleted.

        Raises:
            ConfigError: The name is not legal.
            KeyDestroyedError: One of this name is pending deletion.
            KeyProviderError: As the protocol says.
        """
        alias = self._alias(kek)

        def verb(client: KMSClient) -> None:
            found = self._calls.describe(self._key if kek == SHARED_KEK else alias)
            if found is None:
                made = client.create_key(
                    KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT", Description=f"konverze_rag {alias}"
                )
                self._named(made["KeyMetadata"]["KeyId"], alias, client)
            elif found.get("KeyState") == "PendingDeletion":
                raise KeyDestroyedError(f"the key {kek} was destroyed")

        self._calls.make(verb, repeatable=False)

    def destroy_kek(self, kek: str) -> KekDestruction:
        """Lets AWS delete a KEK as soon as it allows; the key is refused from now on.

        Raises:
            ConfigError: It is the shared one, or the name is not legal.
            KeyProviderError: As the protocol says.
        """
        alias = self._alias(checked_own_kek(kek))

        def verb(client: KMSClient) -> KekDestruction:
            self._versions.drop(kek)
            found = self._calls.describe(alias)
            if found is None:
                return KekDestruction(key_id=alias, effective_by=self._clock.now())
            if (deletion := found.get("DeletionDate")) is None:
                deletion = client.schedule_key_deletion(KeyId=found["KeyId"], PendingWindowInDays=DELETION_WINDOW_DAYS)[
                    "DeletionDate"
                ]
            ends = deletion.astimezone(UTC)
            kept = f"the key, refused by AWS KMS but recoverable by its administrators until {ends:%Y-%m-%d %H:%M} UTC"
            return KekDestruction(key_id=found.get("Arn", alias), effective_by=ends, remains=(kept,))

        return self._calls.make(verb)

    def rotation_policy(self, kek: str = SHARED_KEK) -> timedelta | None:
        """How often AWS rotates the KEK by itself; None when it does not.

        Raises:
            KeyProviderError: As the protocol says.
        """
        checked_kek_name(kek)

        def verb(client: KMSClient) -> timedelta | None:
            arn = self._arn(kek)
            with self._calls.using(arn):
                status = client.get_key_rotation_status(KeyId=arn)
            return timedelta(days=status.get("RotationPeriodInDays", 365)) if status["KeyRotationEnabled"] else None

        return self._calls.make(verb)

    def set_rotation_policy(self, every: timedelta | None, kek: str = SHARED_KEK) -> None:
        """Lets AWS rotate the KEK by itself, or no longer.

        Args:
            every: 90 to 2560 days; None for never.
            kek: Name of the KEK.

        Raises:
            ConfigError: Another number of days.
            KeyProviderError: As the protocol says.
        """
        checked_kek_name(kek)
        if every is not None and not ROTATION_DAYS_MIN <= every.days <= ROTATION_DAYS_MAX:
            raise ConfigError(f"AWS rotates a key every {ROTATION_DAYS_MIN} to {ROTATION_DAYS_MAX} days")

        def verb(client: KMSClient) -> None:
            arn = self._arn(kek)
            with self._calls.using(arn):
                if every is None:
                    client.disable_key_rotation(KeyId=arn)
                else:
                    client.enable_key_rotation(KeyId=arn, RotationPeriodInDays=every.days)

        self._calls.make(verb)

    # Inside a verb

    def _current(self, kek: str) -> KekVersion:
        return self._versions.get(kek) or self._asked(kek)

    def _asked(self, kek: str) -> KekVersion:
        self._versions.drop(kek)
        found = self._calls.describe(self._key if kek == SHARED_KEK else self._alias(kek))
        if found is None:
            raise KeyDestroyedError(f"the key {kek} is gone, or was never made")
        if found.get("KeyUsage") != "ENCRYPT_DECRYPT" or found.get("KeySpec") != "SYMMETRIC_DEFAULT":
            raise ConfigError(f"the key {kek} is no symmetric key for encryption")
        check_state(found)
        if "Arn" not in found or "CreationDate" not in found:
            raise KeyUnavailableError("the answer of AWS KMS is not understood")
        arn, created_at = found["Arn"], found["CreationDate"]
        pages = self._calls.client.get_paginator("list_key_rotations").paginate(KeyId=arn)
        dates = [date for page in pages for rotation in page["Rotations"] if (date := rotation.get("RotationDate"))]
        self._arns[kek] = arn
        version = KekVersion(key_id=f"{arn}#{len(dates)}", created_at=max([created_at, *dates]).astimezone(UTC))
        return self._versions.put(kek, version)

    def _arn(self, kek: str) -> str:
        return self._arns.get(kek) or _arn_of(self._asked(kek))

    def _named(self, key: str, alias: str, client: KMSClient) -> None:
        made = unless("AlreadyExistsException", lambda: client.create_alias(AliasName=alias, TargetKeyId=key))
        if made is None:  # another maker was faster
            client.schedule_key_deletion(KeyId=key, PendingWindowInDays=DELETION_WINDOW_DAYS)

    def _alias(self, kek: str) -> str:
        return f"alias/{self._prefix}/{checked_kek_name(kek)}"

    def _bound(self, context: Mapping[str, str], key_id: str) -> dict[str, str]:
        return {**context, "konverze-prefix": self._prefix, "konverze-version": key_id.partition("#")[2]}


def _arn_of(version: KekVersion) -> str:
    return version.key_id.partition("#")[0]
