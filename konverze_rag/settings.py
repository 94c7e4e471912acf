"""All settings, and the only place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from konverze_core.answers import Usage
from konverze_core.errors import ConfigError
from konverze_indexes.scalars import checked_text
from konverze_loaders.isolation.pool import default_workers
from konverze_rag.redaction import PersonalData
from konverze_rag.residency import Residency

CACHE_BYTES = 2 << 30
"""Memory of all tenants' decrypted indexes together, by default."""

MIN_CACHE_BYTES = 1 << 20
"""Least budget that can be set: a tenant of some hundred chunks."""

TOKENS_OF_A_PRICE = 1_000_000
"""Prices are told for so many."""

PREFIX = "KONVERZE_"
"""What the names of the variables start with that settings are read from."""

SHARED_VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
"""Read, too, as others call them; the same name with the prefix comes first."""

Text: TypeAlias = Annotated[str, AfterValidator(partial(checked_text, "a setting"))]
ChunkerName: TypeAlias = Literal["tokens", "sentences", "parents", "rows", "semantic"]
ChunkTokens: TypeAlias = Annotated[int, Field(ge=16, le=8_000)]
ChunkOverlapTokens: TypeAlias = Annotated[int, Field(ge=0)]
ParentTokens: TypeAlias = Annotated[int, Field(ge=16, le=32_000)]
RetrievalK: TypeAlias = Annotated[int, Field(ge=1, le=100)]
Fusion: TypeAlias = Literal["convex", "rrf"]
Weight: TypeAlias = Annotated[float, Field(ge=0)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Mode: TypeAlias = Literal["grounded", "assisted"]
HistoryTurns: TypeAlias = Annotated[int, Field(ge=0, le=50)]
AnswerCacheSize: TypeAlias = Annotated[int, Field(ge=0, le=10_000)]
AsksPerMinute: TypeAlias = Annotated[int, Field(ge=1, le=100_000)]
DailyTokens: TypeAlias = Annotated[int, Field(ge=1)]
DailyCost: TypeAlias = Annotated[float, Field(gt=0)]
MaxDocuments: TypeAlias = Annotated[int, Field(ge=0)]
MaxStoredBytes: TypeAlias = Annotated[int, Field(ge=0)]
DailyIngests: TypeAlias = Annotated[int, Field(ge=0)]
RetentionDays: TypeAlias = Annotated[int, Field(ge=1, le=36_500)]
MaxOutputTokens: TypeAlias = Annotated[int, Field(ge=16)]


def _from_json(value: object) -> object:
    """A list or a table, also where it comes from the environment."""
    return from_json(value) if isinstance(value, str) else value


Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_from_json)]


def said_of(error: ValidationError) -> str:
    """Which settings are wrong and why, without their values."""
    wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
    return f"settings: {wrong}"


class Price(BaseModel):
    """What a model costs, in the currency that all prices are in.

    Attributes:
        input: For a million tokens that it reads.
        output: For a million tokens that it writes; an embedding model writes none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    input: float = Field(ge=0)
    output: float = Field(default=0.0, ge=0)

    def of(self, usage: Usage) -> Usage:
        """The usage with its cost."""
        cost = (usage.input_tokens * self.input + usage.output_tokens * self.output) / TOKENS_OF_A_PRICE
        return replace(usage, cost=cost)


class ChatEndpoint(BaseModel):
    """An endpoint that writes answers when those before it fail.

    Attributes:
        base_url: Of any server that speaks the OpenAI protocol; None for OpenAI's own. Azure OpenAI's is
            `https://<resource>.openai.azure.com/openai/v1/`.
        api_key: The secret; None for servers that want none.
        model: As the server spells it; of Azure OpenAI, the name of the deployment.
        api: `responses`, or `chat` for servers that have chat completions only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str | None = None
    api_key: SecretStr | None = None
    model: str
    api: Literal["responses", "chat"] = "responses"


Redacted: TypeAlias = Annotated[tuple[PersonalData, ...], BeforeValidator(_from_json)]
ChatEndpoints: TypeAlias = Annotated[tuple[ChatEndpoint, ...], BeforeValidator(_from_json)]
DeclaredResidency: TypeAlias = Annotated[Residency, BeforeValidator(_from_json)]
Prices: TypeAlias = Annotated[dict[str, Price], BeforeValidator(_from_json)]


class Settings(BaseModel):
    """What an engine is told; each field is also read from `KONVERZE_<NAME>`, lists as JSON.

    Attributes:
        openai_api_key: Also `OPENAI_API_KEY`. With it, or with `openai_base_url`, a language model writes the answers.
        openai_base_url: Also `OPENAI_BASE_URL`. Any server that speaks the OpenAI protocol; https, or loopback.
        chat_model: Model that writes answers.
        chat_fallbacks: Endpoints that are asked, in this order, where the one above fails before its first word.
        prices: By model, what a million tokens cost, in one currency: `{"gpt-5-mini": {"input": 0.25, "output": 2}}`.
            Of an embedding model, `input` alone.
        chat_api: `responses`, or `chat` for compatible servers that have only chat completions.
        context_window_tokens: Prompt and answer together fit into this.
        max_output_tokens: Longest answer.
        answer_deadline_s: Time for a whole answer; past it the extractive answer stands in.
        embeddings: `local` (offline, extra `local`), `openai`, or `none` for lexical search only. `auto` is `local`
            where the extra is installed and `none` elsewhere.
        embedding_model: Name of the OpenAI embedding model.
        embedding_dim: Its dimension.
        chunker: How documents are cut: `tokens`, as much as fits along the document's borders; `sentences`, each a
            chunk that is answered from the text around it; `parents`, small chunks that are answered from large ones;
            `rows`, each row of a table a chunk, and the rest as `tokens`; `semantic`, where embeddings tell that the
            text turns to something else.
        chunk_tokens: Longest chunk with what is searched above it, in the embedder's tokens.
        chunk_overlap_tokens: Tokens of whole sentences that neighbouring chunks of a section share, about; for
            `tokens` and `rows`.
        parent_tokens: What is answered from, for `sentences` (256 by default) and `parents` (1,024 by default).
        loader_workers: Files that are read at the same time, each in a process of its own under limits of time and
            memory; 0 reads them in this process, which is for files that one trusts.
        retrieval_k: Chunks that an answer may rest on.
        fusion: How hybrid search joins its two legs: `convex` by scores, `rrf` by ranks.
        dense_weight: Weight of the dense leg in hybrid search.
        lexical_weight: Weight of the lexical leg in hybrid search.
        relevance_weight: How much relevance counts when hits are chosen, beside being unlike those before (maximal
            marginal relevance), 0 to 1; 1 for relevance alone.
        answerable_score: Best dense score below which meaning alone does not make a question answered, so that an
            extractive answer is refused; 0 for words alone. None for the embedding model's own. What is right depends
            on the documents: `konverze_rag.tuning.measuring.calibrating` finds it.
        stemming: Whether the terms of new and reindexed indexes are English and Hindi stems.
        mode: `grounded` answers from the sources only; `assisted` may add general knowledge, without citing it.
        persona: Who the bot is, in a sentence or two of the system prompt.
        tone: How the bot speaks, such as `formal, with "aap"`; empty for as the model sees fit.
        answer_language: Language of all answers, such as `Hindi`; empty for the language of each question.
        refusal_text: What the visitor reads when the sources do not answer; None for a sentence in the question's
            language (English, Hindi, or Hindi in Latin letters).
        link_hosts: Hosts that links and images in answers may lead to; `*.acme.example` for all below one, `*` for all.
            An address that stands in a source stays, as plain text; all others are taken out.
        redact: Kinds of personal data that the language model sees placeholders for; the answer holds the values again.
            Of `email`, `phone`, `aadhaar`, `pan`, `gstin`, `upi`, `card`. A remote embedding model sees the kind alone.
        redaction_keeps: The business's own addresses and numbers, which stay.
        answer_cache_size: So many answers of a tenant are kept in memory beside its index, and given again to the same
            question until a document or a setting changes or the day (UTC) ends; 0 for none. Questions with a history
            are always asked anew.
        daily_tokens: Tokens of prompts, answers and remotely embedded questions that a tenant may use a day (UTC), in
            all processes together; None for no limit. Past it, answers are extractive, from a search by words.
        daily_cost: The same in money, by `prices`; all models need one, a remote embedding model, too.
        max_documents: So many documents a tenant may have; None for no limit. This and the two below are quotas: an
            upload that is above one fails alone, and what is there stays.
        max_stored_bytes: So long their originals may be together, and texts that were added ready, whatever the store
            takes for them. An upload that replaces a document counts by the difference.
        daily_ingests: So many uploads a tenant may have read a day (UTC), in all processes together. One that is
            unchanged costs nothing; one that turns out not to be readable, or to have no room once it was read, counts.
        visitor_asks_per_minute: How often a visitor may ask, in one process; None for no limit.
        history_turns: Earlier turns of a conversation that the model is told whole; of some before these, it is told
            what was asked.
        retention_days: Turns are deleted this many days after their day (UTC) has ended, with their day's key.
        key_lease_s: Keys in memory are used for so long before the key provider has to be asked again.
        outage_grace_s: For so long after its last answer they are used while the key provider cannot be reached.
        texts_in_memory: Whether texts of chunks, once a hit has opened them, stay in memory; otherwise each hit opens
            its own from the sealed store, which takes less memory and some 10 to 20 microseconds a hit more.
        cache_bytes: What the decrypted indexes of all tenants may take in memory together. Those that are not in use
            leave for others, and their next use opens them again.
        kek_per_tenant: Whether each new tenant gets a key encryption key of its own, so that its erasure is final.
        kek_rotation_days: Age at which `rotate_keys` makes a new version of a key encryption key.
        data_key_rotation_days: Age at which `rotate_keys` makes a new data key.
        vacuum_grace_s: Blobs that nothing names are kept for so long by `vacuum`.
        deleted_blobs_kept_days: For how long the store keeps what was deleted or overwritten (versioning, soft
            delete); erasure receipts state it.
        backups_kept_days: For how long backups of the store are kept; erasure receipts state it.
        maintenance_every_s: How often purges, vacuums and rotations run in the background; None for never.
        marks_dir: Where high-water marks are kept that outlive the process; None for memory only.
        key_provider: Who holds the key encryption keys: a local key `file`, `azure` (Key Vault), `aws` (KMS) or `vault`
            (HashiCorp Vault or OpenBao, transit engine).
        key_file: The local key file; by default inside the data directory.
        key_prefix: What the names of KEKs in Azure, AWS or Vault start with; it can never change.
        key_provider_timeout_s: Longest time of a call of the key provider, retries included.
        key_provider_ca_file: PEM file of the authorities that the key provider's certificate may come from.
        azure_vault_url: Such as `https://acme.vault.azure.net`.
        azure_key_name: Name of the shared RSA key there.
        azure_signing_key: Name of the EC P-256 key that signs keyrings, `name` or `name/version`.
        azure_signing_public_keys: Its public key as PEM; several while it is being replaced. Never read from the vault.
        azure_hsm: Whether keys of tenants are made in a hardware security module.
        aws_region: Region of the KMS keys.
        aws_kms_key: Id, ARN or alias of the shared symmetric KMS key.
        aws_kms_signing_key: Id, ARN or alias of the HMAC_256 KMS key that signs keyrings.
        vault_url: Such as `https://vault.internal:8200`.
        vault_token: May use the transit engine.
        vault_mount: Path of the transit engine.
        vault_namespace: Its namespace, where the server has them.
        residency: Where data may be, and where each service is that gets some, as JSON; None checks nothing.
        cache_dir: Converted model weights; holds no tenant's data.

    Raises:
        ConfigError: A value, given or from the environment, is not one that its field takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    chat_model: str = "gpt-5-mini"
    chat_fallbacks: ChatEndpoints = ()
    prices: Prices = Field(default_factory=dict[str, Price])
    chat_api: Literal["responses", "chat"] = "responses"
    context_window_tokens: int = Field(default=128_000, ge=1_000)
    max_output_tokens: MaxOutputTokens = 1_000
    answer_deadline_s: float = Field(default=30.0, gt=0)
    embeddings: Literal["auto", "local", "openai", "none"] = "auto"
    embedding_model: str = "text-embedding-3-small"
    embedding_dim: int = Field(default=1_536, ge=1)
    chunker: ChunkerName = "tokens"
    chunk_tokens: ChunkTokens = 256
    chunk_overlap_tokens: ChunkOverlapTokens = 32
    parent_tokens: ParentTokens | None = None
    loader_workers: int = Field(default_factory=default_workers, ge=0)
    retrieval_k: RetrievalK = 8
    fusion: Fusion = "convex"
    dense_weight: Weight = 0.3
    lexical_weight: Weight = 0.7
    relevance_weight: Share = 1.0
    answerable_score: Share | None = None
    stemming: bool = True
    mode: Mode = "grounded"
    persona: Text = "You answer the questions of a business's visitors."
    tone: Text = ""
    answer_language: Text = ""
    refusal_text: Text | None = None
    link_hosts: Texts = ()
    redact: Redacted = ()
    answer_cache_size: AnswerCacheSize = 0
    daily_tokens: DailyTokens | None = None
    daily_cost: DailyCost | None = None
    max_documents: MaxDocuments | None = None
    max_stored_bytes: MaxStoredBytes | None = None
    daily_ingests: DailyIngests | None = None
    visitor_asks_per_minute: AsksPerMinute | None = None
    redaction_keeps: Texts = ()
    history_turns: HistoryTurns = 6
    retention_days: RetentionDays = 30
    key_lease_s: float = Field(default=900.0, gt=0)
    outage_grace_s: float = Field(default=14_400.0, ge=0)
    texts_in_memory: bool = True
    cache_bytes: int = Field(default=CACHE_BYTES, ge=MIN_CACHE_BYTES)
    kek_per_tenant: bool = False
    kek_rotation_days: int = Field(default=90, ge=1)
    data_key_rotation_days: int = Field(default=90, ge=1)
    vacuum_grace_s: float = Field(default=86_400.0, ge=0)
    deleted_blobs_kept_days: int = Field(default=0, ge=0)
    backups_kept_days: int = Field(default=0, ge=0)
    maintenance_every_s: float | None = Field(default=None, ge=60)
    marks_dir: Path | None = None
    key_provider: Literal["file", "azure", "aws", "vault"] = "file"
    key_file: Path | None = None
    key_prefix: str = Field(default="konverze", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    key_provider_timeout_s: float = Field(default=10.0, gt=0)
    key_provider_ca_file: Path | None = None
    azure_vault_url: str | None = None
    azure_key_name: str | None = None
    azure_signing_key: str | None = None
    azure_signing_public_keys: Texts = ()
    azure_hsm: bool = False
    aws_region: str | None = None
    aws_kms_key: str | None = None
    aws_kms_signing_key: str | None = None
    vault_url: str | None = None
    vault_token: SecretStr | None = None
    vault_mount: str = "transit"
    vault_namespace: str | None = None
    residency: DeclaredResidency | None = None
    cache_dir: Path = Field(default_factory=lambda: Path.home() / ".cache" / "konverze")

    @model_validator(mode="wrap")
    @classmethod
    def _checked(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            settings = handler(_stated(cls.model_fields) | data if isinstance(data, dict) else data)
        except ValidationError as exc:
            failure = ConfigError(said_of(exc))
        else:
            settings.check_together()
            return settings
        raise failure  # not in the handler: the error holds the values, of which one may be a key

    def check_together(self) -> None:
        """Checks what no field can tell by itself.

        Raises:
            ConfigError: Two values do not go together.
        """
        if self.max_output_tokens >= self.context_window_tokens:
            raise ConfigError("settings: max_output_tokens must be less than context_window_tokens")
        if self.chunk_overlap_tokens * 2 > self.chunk_tokens:
            raise ConfigError("settings: chunk_overlap_tokens must be at most half of chunk_tokens")
        paid = {*self._chat_models(), *([self.embedding_model] if self.embeddings == "openai" else ())}
        if self.daily_cost is not None and not self.prices.keys() >= paid:
            raise ConfigError("settings: daily_cost needs prices of chat_model, chat_fallbacks and embedding_model")
        if any("@" in (url or "") for url in (self.openai_base_url, *(end.base_url for end in self.chat_fallbacks))):
            raise ConfigError("settings: a base_url must not hold a user name or password")
        if self.chat_fallbacks and self.openai_api_key is None and self.openai_base_url is None:
            raise ConfigError("settings: chat_fallbacks stand in for openai_api_key or openai_base_url: set one")

    def highest_cost(self, usage: Usage) -> float:
        """What a usage costs by the dearest of the models that may write answers; 0 without prices."""
        prices = [self.prices[model] for model in self._chat_models() if model in self.prices]
        return max((price.of(usage).cost or 0.0 for price in prices), default=0.0)

    def _chat_models(self) -> list[str]:
        return [self.chat_model, *(endpoint.model for endpoint in self.chat_fallbacks)]

    def __reduce__(self) -> NoReturn:
        raise TypeError("settings may hold a key: they are not pickled")


def _stated(fields: Collection[str]) -> dict[str, str]:
    """What the environment states of these fields."""
    variables = {name.lower(): os.environ.get(name, "") for name in SHARED_VARIABLES}
    for name, value in os.environ.items():
        if name.startswith(PREFIX) and value:
            variables[name.removeprefix(PREFIX).lower()] = value
    return {name: value for name, value in variables.items() if value and name in fields}
