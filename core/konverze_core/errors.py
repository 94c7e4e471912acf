"""Every error that the library raises, named by what the caller should do.

The tree (a test holds this drawing to the code)::

    KonverzeError
    ├── ConfigError                 fix the code or the settings
    │   ├── EmbedderMismatchError   the index was built by another embedder: reindex
    │   ├── MissingExtraError       install the extra that the message names
    │   ├── ResidencyError          a service is where data may not be: another one, or declare it
    │   ├── TenantErasedError       the tenant was erased: its id is not used again
    │   └── UnknownTenantError      no such tenant
    ├── LoadError                   reject the upload
    │   ├── CorruptFileError        damaged, truncated or not what it claims to be
    │   ├── EncodingError           text in no encoding that can be told
    │   ├── EncryptedFileError      locked by a password
    │   ├── LimitExceededError      larger than a named limit
    │   ├── NoTextError             readable, but nothing in it to read
    │   ├── QuotaExceededError      more than the tenant may have, or take in a day
    │   └── UnsupportedFormatError  a kind of file that no loader reads
    ├── ConflictError               another writer was faster: retry
    ├── StoreError                  the blob store did not do as asked
    │   ├── BlobNotFoundError       no blob of that name
    │   ├── StoreFullError          no room left: free some, then retry
    │   └── StoreUnavailableError   retry later
    ├── KeyProviderError            the key provider did not do as asked
    │   ├── KeyAccessDeniedError    disabled or forbidden: ask who owns the key
    │   ├── KeyDestroyedError       gone for good, and the data with it
    │   └── KeyUnavailableError     retry later
    ├── IntegrityError              call a person: stored data is not what was written
    │   └── RollbackError           an older copy stands where a newer one was seen
    └── ProviderError               the language model or embedding service failed
        ├── ProviderRejectedError   it refused the request: fix the key, model or prompt
        ├── ProviderUnavailableError  retry later
        └── RateLimitedError        back off for `retry_after_s`

Messages never hold document text, questions, keys or addresses of people.
"""

from __future__ import annotations


class KonverzeError(Exception):
    """The one root: `except KonverzeError` catches all that this library raises."""


class ConfigError(KonverzeError):
    """The call or the settings are wrong; the message says what to change."""


class EmbedderMismatchError(ConfigError):
    """The tenant's vectors come from another embedding model than the engine's."""


class MissingExtraError(ConfigError):
    """An optional dependency is not installed; the message names the extra."""


class ResidencyError(ConfigError):
    """A service is where data may not be, or is not declared; it got none."""


class TenantErasedError(ConfigError):
    """The tenant was erased; what it had cannot be read any more, and its id is not used again."""


class UnknownTenantError(ConfigError):
    """The tenant does not exist and the caller asked not to create it."""


class LoadError(KonverzeError):
    """A file could not be turned into a document.

    Args:
        source: Name of the file as the caller gave it.
        reason: What is wrong with it and, where possible, what to do.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class CorruptFileError(LoadError):
    """The file is damaged, truncated, or not what it claims to be."""


class EncodingError(LoadError):
    """The text is in no encoding that can be told with confidence."""


class EncryptedFileError(LoadError):
    """The file is locked by a password."""


class LimitExceededError(LoadError):
    """The file is larger, deeper or slower than a named limit allows."""


class NoTextError(LoadError):
    """The file is readable, but holds no text."""


class QuotaExceededError(LoadError):
    """The tenant may not have so much, or take no more today; what it has stays as it is.

    Args:
        source: The document id.
        quota: Name of the setting: `max_documents`, `max_stored_bytes` or `daily_ingests`.
        reason: How much it is, and what to do.
    """

    def __init__(self, source: str, quota: str, reason: str) -> None:
        super().__init__(source, f"{quota} {reason}")
        self.args = (source, quota, reason)
        self.quota = quota


class UnsupportedFormatError(LoadError):
    """No loader reads this kind of file."""


class ConflictError(KonverzeError):
    """Another writer was faster; read again and retry."""


class StoreError(KonverzeError):
    """The blob store did not do as asked."""


class BlobNotFoundError(StoreError):
    """No blob of that name."""


class StoreFullError(StoreError):
    """The store has no room left; the last generation stays readable."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached or refuses to work; retry later."""


class KeyProviderError(KonverzeError):
    """The key provider did not do as asked."""


class KeyAccessDeniedError(KeyProviderError):
    """The key is disabled, or this identity may not use it."""


class KeyDestroyedError(KeyProviderError):
    """The key is gone for good, and with it the data it sealed."""


class KeyUnavailableError(KeyProviderError):
    """The key provider cannot be reached; retry later."""


class IntegrityError(KonverzeError):
    """Stored bytes are not what was written: a flipped bit, a swapped blob, a wrong key."""


class RollbackError(IntegrityError):
    """An older generation stands where a newer one was already seen."""


class ProviderError(KonverzeError):
    """The language model or embedding service failed."""


class ProviderRejectedError(ProviderError):
    """The service refused the request: key, model name, permission or content."""


class ProviderUnavailableError(ProviderError):
    """The service cannot be reached, failed, or cut its answer short."""


class RateLimitedError(ProviderError):
    """The service asks to back off.

    Args:
        message: What was limited.
        retry_after_s: Seconds to wait before the next try.
    """

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
