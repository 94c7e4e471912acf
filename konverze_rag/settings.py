"""All settings, and the only place that reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NoReturn, Self

from pydantic import (
    AliasChoices,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from konverze_core.errors import ConfigError


class Settings(BaseSettings):
    """What an engine is told; each field is also read from `KONVERZE_<NAME>`.

    Attributes:
        openai_api_key: Also `OPENAI_API_KEY`. With it, or with `openai_base_url`, a language model writes the answers.
        openai_base_url: Also `OPENAI_BASE_URL`. Any server that speaks the OpenAI protocol; https, or loopback.
        chat_model: Model that writes answers.
        chat_api: `responses`, or `chat` for compatible servers that have only chat completions.
        context_window_tokens: Prompt and answer together fit into this.
        max_output_tokens: Longest answer.
        answer_deadline_s: Time for a whole answer; past it the extractive answer stands in.
        embeddings: `local` (offline, extra `local`), `openai`, or `none` for lexical search only. `auto` is `local`
            where the extra is installed and `none` elsewhere.
        embedding_model: Name of the OpenAI embedding model.
        embedding_dim: Its dimension.
        chunk_tokens: Longest chunk, in the embedder's tokens.
        chunk_overlap_tokens: Words that neighbouring chunks of a section share, at most.
        retrieval_k: Chunks that an answer may rest on.
        fusion: How hybrid search joins its two legs: `convex` by scores, `rrf` by ranks.
        dense_weight: Weight of the dense leg in hybrid search.
        lexical_weight: Weight of the lexical leg in hybrid search.
        mode: `grounded` answers from the sources only; `assisted` may add general knowledge, without citing it.
        persona: Who the bot is, in a sentence or two of the system prompt.
        refusal_text: What the visitor reads when the sources do not answer.
        history_turns: Earlier turns of a conversation that are read.
        key_file: The local key file; by default inside the data directory.
        cache_dir: Converted model weights; holds no tenant's data.

    Raises:
        ConfigError: A value, given or from the environment, is not one that its field takes.
    """

    model_config = SettingsConfigDict(
        env_prefix="KONVERZE_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("KONVERZE_OPENAI_API_KEY", "OPENAI_API_KEY")
    )
    openai_base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("KONVERZE_OPENAI_BASE_URL", "OPENAI_BASE_URL")
    )
    chat_model: str = "gpt-5-mini"
    chat_api: Literal["responses", "chat"] = "responses"
    context_window_tokens: int = Field(default=128_000, ge=1_000)
    max_output_tokens: int = Field(default=1_000, ge=16)
    answer_deadline_s: float = Field(default=30.0, gt=0)
    embeddings: Literal["auto", "local", "openai", "none"] = "auto"
    embedding_model: str = "text-embedding-3-small"
    embedding_dim: int = Field(default=1_536, ge=1)
    chunk_tokens: int = Field(default=256, ge=16, le=8_000)
    chunk_overlap_tokens: int = Field(default=32, ge=0)
    retrieval_k: int = Field(default=8, ge=1, le=100)
    fusion: Literal["convex", "rrf"] = "convex"
    dense_weight: float = Field(default=0.3, ge=0)
    lexical_weight: float = Field(default=0.7, ge=0)
    mode: Literal["grounded", "assisted"] = "grounded"
    persona: str = "You answer the questions of a business's visitors."
    refusal_text: str = "I could not find that in the documents I have."
    history_turns: int = Field(default=6, ge=0, le=50)
    key_file: Path | None = None
    cache_dir: Path = Field(default_factory=lambda: Path.home() / ".cache" / "konverze")

    @model_validator(mode="wrap")
    @classmethod
    def _checked(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            settings = handler(data)
        except ValidationError as exc:
            wrong = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors())
            # The error holds the values, and one of them may be a key: it is not chained.
            raise ConfigError(f"settings: {wrong}") from None
        if settings.max_output_tokens >= settings.context_window_tokens:
            raise ConfigError("settings: max_output_tokens must be less than context_window_tokens")
        if settings.chunk_overlap_tokens * 2 > settings.chunk_tokens:
            raise ConfigError("settings: chunk_overlap_tokens must be at most half of chunk_tokens")
        if "@" in (settings.openai_base_url or ""):
            raise ConfigError("settings: openai_base_url must not hold a user name or password")
        return settings

    def __reduce__(self) -> NoReturn:
        raise TypeError("settings may hold a key: they are not pickled")
