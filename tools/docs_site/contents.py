"""What each page of the reference holds."""

from __future__ import annotations

from dataclasses import dataclass

PACKAGE = "konverze_rag"
"""Where all names of a page are exported, unless the page says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the reference.

    Attributes:
        name: File name, without its ending.
        title: Its heading.
        about: What it is about, in a sentence or two of Markdown; empty where `told_by` tells it.
        told_by: Module whose docstring tells it.
        package: Exports the names.
        names: In this order; none for all that the package exports.
    """

    name: str
    title: str
    about: str = ""
    told_by: str = ""
    package: str = PACKAGE
    names: tuple[str, ...] = ()


PAGES = (
    Page(
        name="engine",
        title="Engine",
        about="A process opens one engine, and asks it for its tenants. `import konverze_rag as kr`, then `kr.Engine`.",
        names=("Engine", "Tenant"),
    ),
    Page(
        name="asyncio",
        title="asyncio",
        about="The same calls for event loops: [serving](../guides/serving.md) shows them in an application.",
        names=("AsyncEngine", "AsyncTenant"),
    ),
    Page(
        name="settings",
        title="Settings",
        about="What an engine is told, what a tenant settles for itself, and where data may be.",
        names=("Settings", "TenantSettings", "Price", "PersonalData", "Residency", "Service"),
    ),
    Page(
        name="answers",
        title="Answers",
        about="What `Tenant.ask` returns, and the events of `Tenant.stream` in about the order in which they come.",
        names=(
            "Answer",
            "AnswerMode",
            "Citation",
            "Usage",
            "Timings",
            "TurnId",
            "Event",
            "Sources",
            "Token",
            "Cited",
            "Unsupported",
            "Refusal",
            "Degraded",
            "Done",
            "Failed",
        ),
    ),
    Page(
        name="documents",
        title="Documents and hits",
        about="What an upload becomes, and what a search returns.",
        names=("Document", "Block", "BlockKind", "Page", "Span", "Unread", "Chunk", "Hit", "Explanation"),
    ),
    Page(
        name="reading",
        title="Reading files",
        about="How files are read, looked at before they are indexed, and kept within limits.",
        names=(
            "load",
            "LoadLimits",
            "LoaderPool",
            "WorkerLimits",
            "inspect_file",
            "Inspection",
            "InspectedPage",
            "Progress",
        ),
    ),
    Page(
        name="reports",
        title="Reports",
        about="What the calls return that write, keep, count and check.",
        names=(
            "IngestReport",
            "SyncReport",
            "DocumentInfo",
            "TenantStats",
            "DenseStats",
            "CacheStats",
            "HealthReport",
            "ProcessingRecord",
            "ErasureReceipt",
            "ErasureMode",
            "Remainder",
            "RotationReport",
            "VacuumReport",
            "PurgeReport",
            "VerifyReport",
            "Finding",
            "CopyReport",
            "ExportReport",
            "measure_tenant",
            "TenantMeasurement",
        ),
    ),
    Page(
        name="conversations",
        title="Conversations",
        about="What a tenant's owner is told of its conversations.",
        names=("ConversationTurn", "Feedback", "Insights", "QuestionGroup", "CitedDocument"),
    ),
    Page(
        name="tuning",
        title="Tuning",
        about="Settings chosen by measuring them on a tenant's own documents: `from konverze_rag import tuning`. The "
        "[guide](../guides/tuning.md) shows how.",
        package="konverze_rag.tuning",
    ),
    Page(
        name="protocols",
        title="Protocols",
        about="What the engine asks of the world. A class that has these methods will do; `konverze_core.contracts` "
        "has the tests that it should pass.",
        names=(
            "BlobStore",
            "BlobHead",
            "KeyProvider",
            "WrappedKey",
            "KekVersion",
            "KekDestruction",
            "Embedder",
            "EmbedderInfo",
            "ChatModel",
            "ChatModelInfo",
            "Prompt",
            "Message",
            "Reranker",
            "Clock",
            "Located",
        ),
    ),
    Page(
        name="errors",
        title="Errors",
        told_by="konverze_core.errors",
        names=(
            "KonverzeError",
            "ConfigError",
            "EmbedderMismatchError",
            "MissingExtraError",
            "ResidencyError",
            "TenantErasedError",
            "UnknownTenantError",
            "LoadError",
            "CorruptFileError",
            "EncodingError",
            "EncryptedFileError",
            "LimitExceededError",
            "NoTextError",
            "QuotaExceededError",
            "UnsupportedFormatError",
            "ConflictError",
            "StoreError",
            "BlobNotFoundError",
            "StoreFullError",
            "StoreUnavailableError",
            "KeyProviderError",
            "KeyAccessDeniedError",
            "KeyDestroyedError",
            "KeyUnavailableError",
            "IntegrityError",
            "RollbackError",
            "ProviderError",
            "ProviderRejectedError",
            "ProviderUnavailableError",
            "RateLimitedError",
        ),
    ),
)
