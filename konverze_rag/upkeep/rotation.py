"""Key rotation: newer KEK versions, newer data keys, and old blobs sealed anew; readers and writers go on meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from konverze_core.protocols import KeyProvider
from konverze_core.reports import RotationReport
from konverze_indexes.keyring import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationPolicy:
    """What is due.

    Attributes:
        now: Ages are measured to this moment, aware, UTC.
        kek_age: A KEK version of this age is followed by a new one.
        data_key_age: An active data key of this age is followed by a new one.
    """

    now: datetime
    kek_age: timedelta
    data_key_age: timedelta

    def rotated_kek(self, keys: KeyProvider, kek: str) -> RotationReport:
        """Makes a new version of a KEK, if that is due; the provider may have made one by itself meanwhile.

        Raises:
            KeyProviderError: The provider cannot tell or make versions.
        """
        if self.now - keys.current_version(kek).created_at < self.kek_age:
            return RotationReport()
        return RotationReport(keks_rotated=(keys.rotate(kek).key_id,))

    def rotated_keyring(self, keyring: Keyring) -> RotationReport:
        """Wraps a tenant's data keys with the newest KEK version, and gives it a new active one if that is due.

        No data byte is written, and the provider is asked only for keys that are wrapped by an older version.

        Raises:
            ConflictError: Other writers of the keyring were faster, time and again.
            KeyProviderError: The provider cannot wrap, unwrap or sign.
            StoreError: The keyring cannot be stored.
            TenantErasedError: The tenant was erased meanwhile.
        """
        made = 0
        active = next(entry for entry in keyring.deks if entry.key_id == keyring.active.id)
        if self.now - active.created_at >= self.data_key_age:
            keyring.add_data_key()
            made = 1
        rewrapped = keyring.rewrap()
        return RotationReport(
            tenants=1,
            keyrings_rewritten=int(bool(made or rewrapped)),
            keys_rewrapped=rewrapped,
            data_keys_made=made,
        )
