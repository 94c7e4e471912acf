"""An engine opens only where all that gets data is declared, and is where data may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import konverze_rag as kr
from konverze_core.fakes import (
    HashingEmbedder,
    MemoryBlobStore,
    MemoryKeyProvider,
    OverlapReranker,
    ScriptedChatModel,
)
from konverze_indexes.keyproviders.aws import AwsKms
from konverze_indexes.keyproviders.azure import AzureKeyVault
from konverze_indexes.keyproviders.vault import VaultTransit
from konverze_indexes.stores import open_blob_store
from konverze_rag.providers.endpoints import Endpoints
from konverze_rag.providers.openai_chat import OpenAIChat
from konverze_rag.providers.openai_embeddings import OpenAIEmbedder

OPENAI_INDIA = "https://in.api.openai.com/v1"


def service(location: str) -> kr.Service:
    return kr.Service(location=location, purpose="answers", legal_basis="contract")


def residency(**services: str) -> kr.Residency:
    """Declares each host, spelled with underscores, to be in a place."""
    declared = {host.replace("_", "."): service(place) for host, place in services.items()}
    return kr.Residency(this_machine="IN", services=declared)


def chat_at(base_url: str | None) -> OpenAIChat:
    return OpenAIChat(api_key="k", model="m", context_window_tokens=8_000, base_url=base_url)


def engine(declared: kr.Residency | None, **parts: Any) -> kr.Engine:
    settings = kr.Settings(residency=declared, loader_workers=0, embeddings="none")
    return kr.Engine(settings=settings, **({"blobs": MemoryBlobStore(), "keys": MemoryKeyProvider()} | parts))


def test_what_runs_on_this_machine_needs_no_other_declaration(tmp_path: Path) -> None:
    settings = kr.Settings(residency=residency(), loader_workers=0, embeddings="none")
    with kr.Engine.open(tmp_path, settings=settings) as opened:
        opened.tenant("acme").ingest({"a.txt": b"Refunds take 7 days."})
        records = opened.health().processing
    assert [str(record) for record in records] == [
        f"{part} on this machine (IN)" for part in ("engine", "store", "keys")
    ]


def test_nothing_is_checked_or_recorded_without_a_declaration() -> None:
    with engine(None, chat=chat_at(None)) as opened:
        assert opened.health().processing == ()


def test_all_that_ships_for_this_machine_says_so() -> None:
    parts = {"embedder": HashingEmbedder(), "chat": ScriptedChatModel([]), "reranker": OverlapReranker()}
    with engine(residency(), **parts) as opened:
        assert {record.host for record in opened.health().processing} == {"this machine"}


@pytest.mark.parametrize(
    ("allowed", "part"), [({"stored_in": ("DE",)}, "store"), ({"processed_in": ("DE",)}, "engine")]
)
def test_this_machine_must_be_where_data_may_be(allowed: dict[str, tuple[str, ...]], part: str) -> None:
    with pytest.raises(kr.ResidencyError, match=rf"^{part}: this machine is in IN; data may be in DE only"):
        engine(kr.Residency.model_validate({"this_machine": "IN", **allowed}))


def test_a_machine_outside_india_is_refused_unless_it_is_allowed() -> None:
    with pytest.raises(kr.ResidencyError, match="in FR"):
        engine(kr.Residency(this_machine="FR"))
    with engine(kr.Residency(this_machine="FR", stored_in=("EU",), processed_in=("EU",))) as opened:
        assert {record.location for record in opened.health().processing} == {"FR"}


def test_a_declared_host_is_recorded_with_purpose_and_ground() -> None:
    with engine(residency(in_api_openai_com="IN"), chat=chat_at(OPENAI_INDIA)) as opened:
        record = opened.health().processing[-1]
    assert record == kr.ProcessingRecord(
        part="chat", host="in.api.openai.com", location="IN", purpose="answers", legal_basis="contract"
    )


@pytest.mark.parametrize(
    ("declared", "base_url", "said"),
    [
        (residency(), OPENAI_INDIA, "declare .* where in.api.openai.com is"),
        (residency(in_api_openai_com="IN"), None, "declare .* where api.openai.com is"),
        (residency(in_api_openai_com="IN"), "https://in.api.openai.com.evil.example/v1", "declare"),
        (residency(api_openai_com="IN"), None, "is in US, and not in IN, as is declared"),
        (residency(api_openai_com="US"), None, "is in US; data may be in IN only"),
        (residency(eu_api_openai_com="DE"), "https://eu.api.openai.com/v1", "is in EU, and not in DE, as is declared"),
        (residency(llm_acme_example="SG"), "https://llm.acme.example", "is in SG; data may be in IN only"),
    ],
)
def test_a_host_that_is_not_declared_or_is_elsewhere_is_refused(
    declared: kr.Residency, base_url: str | None, said: str
) -> None:
    with pytest.raises(kr.ResidencyError, match=said):
        engine(declared, chat=chat_at(base_url))


def test_a_model_that_stands_in_for_another_is_checked_too() -> None:
    both = Endpoints([chat_at(OPENAI_INDIA), chat_at("https://acme.openai.azure.com/openai/v1/")])
    with pytest.raises(kr.ResidencyError, match=r"chat: declare .* acme\.openai\.azure\.com"):
        engine(residency(in_api_openai_com="IN"), chat=both)


def test_settings_that_lead_elsewhere_do_not_open(tmp_path: Path) -> None:
    settings = kr.Settings.model_validate(
        {
            "openai_api_key": "k",
            "openai_base_url": OPENAI_INDIA,
            "chat_fallbacks": [{"model": "m", "api_key": "k"}],
            "embeddings": "none",
            "residency": residency(in_api_openai_com="IN"),
        }
    )
    with pytest.raises(kr.ResidencyError, match=r"where api\.openai\.com is"):
        kr.Engine.open(tmp_path, settings=settings)


def test_remote_embeddings_are_checked() -> None:
    with pytest.raises(kr.ResidencyError, match=r"embeddings: declare .* api\.openai\.com"):
        engine(residency(), embedder=OpenAIEmbedder(api_key="k"))


def test_a_server_on_loopback_is_this_machine() -> None:
    with engine(residency(), chat=chat_at("http://127.0.0.1:9/v1")) as opened:
        assert str(opened.health().processing[-1]) == "chat on this machine (IN)"


class _Model(ScriptedChatModel):
    """Cannot tell where it works."""

    hosts = None  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride, reportGeneralTypeIssues]


class _Silent:
    """`Reranker` of somebody who did not say where it works."""

    def rerank(self, question: str, hits: list[kr.Hit]) -> list[kr.Hit]:
        raise AssertionError(question, hits)


def test_a_part_that_does_not_say_where_it_sends_data_is_refused() -> None:
    with pytest.raises(kr.ResidencyError, match="reranking: _Silent does not say"):
        engine(residency(), reranker=_Silent())
    with pytest.raises(kr.ResidencyError, match="chat: Endpoints does not say"):
        engine(residency(), chat=Endpoints([chat_at("http://127.0.0.1:9/v1"), _Model([])]))


def test_hosts_that_are_no_tuple_are_refused() -> None:
    with pytest.raises(kr.ResidencyError, match="chat: _Model does not say"):
        engine(residency(), chat=_Model([]))


def test_keys_of_aws_are_where_their_region_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for region, place, said in (("ap-south-1", "IN", ""), ("eu-west-1", "IN", "is in IE, and not in IN")):
        keys = AwsKms(key="alias/a", signing_key="alias/b", region=region)
        assert keys.hosts == (f"kms.{region}.amazonaws.com",)
        declared = kr.Residency(this_machine="IN", services={keys.hosts[0]: service(place)})
        if not said:
            assert engine(declared, keys=keys).health().processing[-1].part == "keys"
            continue
        with pytest.raises(kr.ResidencyError, match=said):
            engine(declared, keys=keys)


def test_keys_of_azure_are_where_its_host_is() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    vault = AzureKeyVault(
        vault_url="https://acme.vault.azure.net",
        credential=DefaultAzureCredential(),
        key_name="shared",
        signing_key="signing",
        signing_public_keys=[pem],
    )
    with engine(residency(acme_vault_azure_net="IN"), keys=vault) as opened:
        assert str(opened.health().processing[-1]) == "keys on acme.vault.azure.net (IN)"
    with pytest.raises(kr.ResidencyError, match=r"keys: declare .* acme\.vault\.azure\.net is"):
        engine(residency(), keys=vault)


def test_keys_of_vault_are_where_its_host_is() -> None:
    keys = VaultTransit(url="https://vault.internal:8200", token="t")
    with pytest.raises(kr.ResidencyError, match=r"keys: declare .* vault\.internal is"):
        engine(residency(), keys=keys)


@pytest.mark.parametrize(
    ("location", "environment", "host"),
    [
        ("s3://bucket", {"AWS_REGION": "ap-south-1"}, "s3.ap-south-1.amazonaws.com"),
        ("s3://bucket", {"AWS_DEFAULT_REGION": "ap-south-2"}, "s3.ap-south-2.amazonaws.com"),
        ("s3://bucket", {"REGION": "ap-south-1", "ENDPOINT": "https://x.example"}, "s3.us-east-1.amazonaws.com"),
        ("s3://bucket", {"AWS_REGION": "ap-south-1", "AWS_ENDPOINT_URL": "https://s3.acme.example"}, "s3.acme.example"),
        ("az://blobs", {"AZURE_STORAGE_ACCOUNT_NAME": "acme"}, "acme.blob.core.windows.net"),
        ("az://blobs", {"AZURE_STORAGE_ENDPOINT": "https://a.example", "AZURE_STORAGE_ACCOUNT_NAME": "b"}, "a.example"),
    ],
)
def test_cloud_stores_say_where_the_environment_sends_them(
    location: str, environment: dict[str, str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    blobs = open_blob_store(location)
    with pytest.raises(kr.ResidencyError, match=rf"store: declare .* where {host} is"):
        engine(residency(), blobs=blobs)


def test_a_backup_goes_only_where_data_may_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with engine(residency()) as opened:
        opened.tenant("acme").ingest({"a.txt": b"Refunds take 7 days."})
        with pytest.raises(kr.ResidencyError, match=r"backup: declare .* s3\.eu-west-1\.amazonaws\.com"):
            opened.back_up("s3://bucket/backup")
        assert opened.back_up(tmp_path / "backup").tenants == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"this_machine": "India"},
        {"this_machine": "IN", "stored_in": []},
        {"this_machine": "IN", "services": {"a.example": {"location": "IN", "purpose": "", "legal_basis": "x"}}},
        {"this_machine": "IN", "services": {"a.example": {"location": "IN"}}},
        {"this_machine": "IN", "kept_in": ["IN"]},
    ],
)
def test_a_declaration_that_says_too_little_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(kr.ConfigError, match="residency"):
        kr.Settings.model_validate({"residency": wrong})


def test_it_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONVERZE_RESIDENCY", '{"this_machine": "IN", "stored_in": ["IN", "AE"]}')
    read = kr.Settings().residency
    assert read == kr.Residency(this_machine="IN", stored_in=("IN", "AE"))
