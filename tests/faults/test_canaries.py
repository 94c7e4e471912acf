"""Nothing secret gets out: not into logs, messages, `repr`, pickle, names, files, nor heads of requests."""

from __future__ import annotations

import io
import itertools
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest

import konverze_rag as kr
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.datakeys import DataKey
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.marks import FileMarks
from konverze_indexes.stores import open_blob_store
from konverze_rag.providers.openai_chat import OpenAIChat
from konverze_rag.providers.openai_embeddings import OpenAIEmbedder
from tests.faults.leaks import CONTENT, SINKS, TARGETS, TURNS, Sinks, forms_of, note_errors, note_objects, watch
from tests.loaders.pdf_bytes import pdf, prose
from tests.servers.certificates import Authority, server_context
from tests.servers.openai_server import OpenAIServer, Reply

FAULT = "canaries in logs, warnings, hooks, output, repr, exceptions, pickle, names, stored bytes, heads of requests"
API_KEY, TOKEN, STORE_KEY = "sk-canary-4f1e9a77c2", "canary-token-b83d01e6", "canary-store-5c9d20af"
TEXT, QUESTION, EMAIL = "zebrafalcon quartz", "walrusviolin ember", "priya.canary@customer.example"
CANARIES = {"API key": API_KEY, "token": TOKEN, "store key": STORE_KEY, "text": TEXT, "question": QUESTION} | {
    "e-mail": EMAIL
}
PAGE = f"# Refunds\n\nThe code of the refund is {TEXT} and it takes seven days.\n"
ASKED = f"What is the code of the refund {QUESTION}?"
FAILURES = [
    Reply(status=403, message=f"{ASKED} {API_KEY} {PAGE}"),
    Reply(status=429, message=f"{ASKED} {API_KEY}", headers={"Retry-After": "9999"}),  # longer than an ingest waits
    Reply(status=500, message=f"{ASKED} {API_KEY}"),
    Reply(status=400, code="content_filter", message=f"{ASKED} {API_KEY}"),
    Reply(body=f"{ASKED} {API_KEY}".encode()),
    Reply(cut_after=1),
    Reply(ending="content_filter"),
    Reply(text=lambda body: f"{TEXT} {QUESTION} [7]."),
]


@dataclass
class World:
    """An engine's surroundings, and how to break its key provider."""

    blobs: kr.BlobStore
    keys: kr.KeyProvider
    folder: Path
    breaks: list[Callable[[], object]]
    mend: Callable[[], object]
    marks: FileMarks | None = None


def _local(folder: Path, stack: ExitStack) -> World:
    keys = LocalKeyFile.open(folder / "key.json", create=True)
    here, gone = folder / "key.json", folder / "gone.json"
    breaks, marks = [lambda: here.rename(gone)], FileMarks(folder / "marks")
    return World(LocalBlobStore(folder / "blobs"), keys, folder, breaks, lambda: gone.rename(here), marks)


def _azure(folder: Path, stack: ExitStack) -> World:
    pytest.importorskip("azure.keyvault.keys", reason="needs the extra azure: konverze-rag[azure]")
    from konverze_indexes.keyproviders.azure import AzureKeyVault
    from tests.servers.keyvault_server import Fault, KeyVaultServer, StaticCredential

    authority = Authority(folder)
    vault = stack.enter_context(KeyVaultServer(server_context(authority.leaf())))
    vault.token = TOKEN
    vault.create_rsa("konverze")
    keys = AzureKeyVault(
        vault_url=vault.url,
        credential=StaticCredential(TOKEN),
        key_name="konverze",
        signing_key="konverze-sign",
        signing_public_keys=[vault.create_ec("konverze-sign")],
        ca_file=authority.ca_file,
        timeout_s=2,
        max_operations_per_s=1000,
    )
    stack.callback(keys.close)
    faults = [
        Fault(status=403),
        Fault(status=429, headers={"Retry-After": "0.1"}),
        Fault(status=503),
        Fault(drops=True),
        Fault(body=b'{"value": "e'),
    ]
    breaks = [lambda fault=fault: (vault.heal(), vault.fail(fault, times=4)) for fault in faults]
    breaks.append(lambda: (vault.heal(), vault.disable("konverze")))
    return World(MemoryBlobStore(), keys, folder, breaks, lambda: vault.enable("konverze"))


def _aws(folder: Path, stack: ExitStack) -> World:
    boto3 = pytest.importorskip("boto3", reason="needs the extra aws: konverze-rag[aws]")
    pytest.importorskip("obstore", reason="needs obstore: the extra aws")
    from konverze_indexes.keyproviders.aws import AwsKms
    from tests.servers.moto_s3_server import MotoS3Server
    from tests.servers.moto_server import kms_server

    url, s3 = stack.enter_context(kms_server()), stack.enter_context(MotoS3Server())
    session = boto3.Session(aws_access_key_id="AKID", aws_secret_access_key=TOKEN, aws_session_token=TOKEN)
    owner = boto3.Session(aws_access_key_id="owner", aws_secret_access_key="owner")  # whose client may log at will
    kms = owner.client("kms", endpoint_url=url, region_name="eu-central-1")
    stack.callback(kms.close)
    shared = kms.create_key(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    signing = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    keys = AwsKms(
        key=shared["Arn"], signing_key=signing["Arn"], region="eu-central-1", endpoint_url=url, session=session
    )
    stack.callback(keys.close)
    blobs = open_blob_store("s3://bucket/here", config=s3.config | {"secret_access_key": STORE_KEY}, timeout_s=5)
    key_id = shared["KeyId"]
    return World(blobs, keys, folder, [lambda: kms.disable_key(KeyId=key_id)], lambda: kms.enable_key(KeyId=key_id))


def _vault(folder: Path, stack: ExitStack) -> World:
    hvac = pytest.importorskip("hvac", reason="needs the extra vault: konverze-rag[vault]")
    from konverze_indexes.keyproviders.vault import VaultTransit
    from tests.servers.openbao_server import openbao_server

    (folder / "bao").mkdir()
    bao = stack.enter_context(openbao_server(folder / "bao"))
    root = hvac.Client(url=bao.url, token=bao.token, verify=str(bao.ca_file))
    stack.callback(root.adapter.close)
    root.sys.enable_secrets_engine("transit")
    root.secrets.transit.create_key("konverze.kek.shared", derived=True, key_type="aes256-gcm96")
    root.secrets.transit.create_key("konverze.signing", key_type="aes256-gcm96")

    def admit() -> None:
        root.auth.token.create(id=TOKEN, policies=["root"])

    admit()
    keys = VaultTransit(url=bao.url, token=TOKEN, ca_file=bao.ca_file, timeout_s=3)
    stack.callback(keys.close)
    return World(LocalBlobStore(folder / "blobs"), keys, folder, [lambda: root.auth.token.revoke(TOKEN)], admit)


WORLDS = {"local": _local, "azure": _azure, "aws": _aws, "vault": _vault}


class Life:
    """Uses an engine in every way, and keeps what comes of it.

    Attributes:
        errors: Raised, or told by events.
        results: What was returned.
    """

    def __init__(self, world: World, server: OpenAIServer, stack: ExitStack) -> None:
        self._world, self._server = world, server
        self._embedder = OpenAIEmbedder(api_key=API_KEY, base_url=server.url, dim=64, max_retries=0)
        settings = kr.Settings(openai_api_key=API_KEY, openai_base_url=server.url, answer_deadline_s=3)
        self._chat = OpenAIChat(
            api_key=API_KEY, base_url=server.url, model="m", context_window_tokens=8000, max_retries=0
        )
        self._engine: Callable[[], kr.Engine] = lambda: stack.enter_context(
            kr.Engine(
                settings=settings,
                blobs=world.blobs,
                keys=world.keys,
                embedder=self._embedder,
                chat=self._chat,
                marks=world.marks,
            )
        )
        stack.callback(self._chat.close)
        stack.callback(self._embedder.close)
        self.errors: list[Exception] = []
        self.results: list[object] = [settings, world.blobs, world.keys, world.marks, self._embedder, self._chat]

    def run(self) -> Iterator[None]:
        """All of it; pauses where everything that there ever is stands in the store."""
        engine = self._made(self._engine)
        acme = self._made(engine.tenant, "acme")
        self._served(acme)
        self._models_fail(acme)
        self._misused(engine, acme)
        for upkeep in (
            acme.compact,
            engine.rotate_keys,
            engine.verify,
            engine.purge_expired,
            engine.health,
            acme.stats,
        ):
            self._made(upkeep)
        self._made(engine.rotate_keys, reencrypt=True)
        self._made(engine.back_up, self._world.folder / "backup")
        yield
        self._blobs_fail()
        for erase in (lambda: acme.erase_document("page"), lambda: acme.erase_visitor(EMAIL)):
            self._made(erase)
        for break_ in self._world.breaks:
            self._made(break_)
            self._reopened()
        self._world.mend()
        self._made(engine.erase_tenant, "acme")
        self._made(engine.tenant, "acme")

    def _made(self, call: Callable[..., object], *args: Any, **more: Any) -> Any:
        try:
            result = call(*args, **more)
            self.results.append(list(result) if isinstance(result, Iterator) else result)
        except kr.KonverzeError as error:
            self.errors.append(error)
            return None
        last = self.results[-1]
        for event in last if isinstance(last, list) else ():
            self.errors += [event.error] if isinstance(event, kr.Failed) else []
        if isinstance(result, kr.IngestReport):
            self.errors += [error for _, error in result.failed]
        return result

    def _served(self, acme: kr.Tenant) -> None:
        word = io.BytesIO()
        document = docx.Document()
        document.add_paragraph(PAGE)
        document.save(word)
        uploads = {
            "page": PAGE.encode(),
            "word": word.getvalue(),
            "paper": pdf(prose([f"The refund code is {TEXT}."])),
            "web": f"<html><body><h1>Refunds</h1><p>{PAGE}</p></body></html>".encode(),
            "torn paper": pdf(prose([TEXT] * 9))[:700],
            "torn word": word.getvalue()[:-300],
            "binary": bytes(range(256)) * 9 + TEXT.encode(),
        }
        self._made(acme.ingest, uploads)
        self._made(acme.configure, kr.TenantSettings(persona="You are kind."))
        self._made(acme.search, ASKED)
        self._server.script(Reply(), Reply(text=f"The code of the refund is {TEXT} [1]."))
        self._made(acme.ask, ASKED, conversation="c", visitor=EMAIL)
        self._made(acme.stream, ASKED, conversation="c", visitor=EMAIL)
        for turn in self._made(lambda: list(acme.turns())):
            self._made(acme.give_feedback, "c", turn.turn, helpful=False, comment=f"{TEXT} {EMAIL}")
        self._made(acme.turns, visitor=EMAIL)
        self._made(acme.insights)

    def _models_fail(self, acme: kr.Tenant) -> None:
        prompt = kr.Prompt(system=PAGE, messages=(kr.Message(role="user", text=ASKED),))
        for reply in FAILURES:
            for embeds in (True, False):
                self._server._replies.clear()
                self._server.script(*([] if embeds else [Reply()]), *[reply] * 9)
                self._made(acme.ask, ASKED)
                self._server._replies.clear()
            self._server.script(*[reply] * 9)
            self._made(acme.ingest, PAGE.encode() * 2, source="late")
            self._made(lambda: list(self._chat.stream(prompt, max_output_tokens=16, timeout_s=2)))
            self._made(self._embedder.embed_queries, [ASKED])
        self._server._replies.clear()

    def _misused(self, engine: kr.Engine, acme: kr.Tenant) -> None:
        self._made(acme.ask, ASKED, visitor=f"{EMAIL}\n")
        self._made(acme.ask, ASKED, conversation=f"{EMAIL}\0")
        self._made(acme.ask, ASKED * 2000)
        self._made(acme.ask, f"{ASKED}\ud800")
        self._made(acme.ask, ASKED, where={"price": {"near": ASKED}})
        self._made(acme.ask, ASKED, where={"price": {"gt": [ASKED]}})
        self._made(acme.search, ASKED, k=0)
        self._made(acme.ingest, PAGE.encode(), source="\0")
        self._made(acme.ingest, PAGE.encode(), source="m", metadata={"m": {TEXT: ASKED}})
        self._made(acme.add, [TEXT])
        self._made(acme.erase_visitor, f"{EMAIL}\n")
        self._made(acme.turns, visitor=f"{EMAIL}\ud800")
        self._made(acme.give_feedback, EMAIL, kr.TurnId(date(2026, 1, 1), 7), helpful=True)
        self._made(acme.give_feedback, "c", kr.TurnId(date(2026, 1, 1), 0), helpful=True, comment=f"{TEXT}\ud800")
        self._made(acme.export, self._world.folder, visitor=EMAIL)
        self._made(engine.tenant, f"{EMAIL}\0")
        self._made(engine.tenant, EMAIL, create=False)
        self._made(lambda: kr.Settings(openai_api_key=API_KEY, chat_model=[ASKED]))
        self._made(lambda: kr.Settings(openai_base_url=f"https://user:{API_KEY}@service.example"))
        self._made(lambda: kr.TenantSettings(mode=TEXT))
        self._made(lambda: OpenAIChat(api_key=f"{API_KEY} ", model="m", context_window_tokens=8000))

    def _blobs_fail(self) -> None:
        """A changed, a cut and a missing blob of each kind."""
        names = self._world.blobs.list("")
        kinds = {
            (name.split("/")[0], name.split("/")[2], name.count("/"), name.rpartition(".")[2]): name for name in names
        }
        for name, damage in itertools.product(kinds.values(), (_flipped, _cut, None)):
            whole = bytes(self._world.blobs.get(name))
            if damage is None:
                self._world.blobs.delete(name)
            else:
                self._world.blobs.put(name, damage(whole))
            self._reopened()
            self._world.blobs.put(name, whole)

    def _reopened(self) -> None:
        engine = self._engine()
        tenant = self._made(engine.tenant, "acme", create=False)
        if tenant is not None:
            self._made(tenant.search, ASKED)
            self._made(tenant.ask, ASKED, conversation="c", visitor=EMAIL)
            self._made(tenant.turns)
        self._made(engine.verify)
        self._made(engine.health)
        engine.close()


def _flipped(blob: bytes) -> bytes:
    return blob[: len(blob) // 2] + bytes([blob[len(blob) // 2] ^ 1]) + blob[len(blob) // 2 + 1 :]


def _cut(blob: bytes) -> bytes:
    return blob[:-9]


@pytest.fixture
def data_keys(monkeypatch):
    """Secrets of all data keys, day keys and name keys that this process ever held."""
    secrets: set[bytes] = set()
    check = DataKey.__post_init__

    def noted(key: DataKey) -> None:
        secrets.add(key.secret)
        check(key)

    monkeypatch.setattr(DataKey, "__post_init__", noted)
    return secrets


@pytest.mark.parametrize("label", WORLDS)
@pytest.mark.timeout(600)
def test_no_canary_gets_out(label, tmp_path, *, monkeypatch, capfd, data_keys, figure):
    sinks, contents, targets, turns = Sinks(), Sinks(), Sinks(), Sinks()
    with ExitStack() as stack:
        server = stack.enter_context(OpenAIServer(api_key=API_KEY, dim=64))
        world = WORLDS[label](tmp_path, stack)
        handler = watch(sinks, monkeypatch)
        life = Life(world, server, stack)
        for _ in life.run():
            _note_stored(sinks, world)
            assert note_objects(sinks, life.results) > 20
            assert note_objects(contents, life.results, kinds=CONTENT) > 5
        _note_stored(sinks, world)
        note_errors(sinks, life.errors)
        note_objects(sinks, life.results)
        assert note_objects(targets, life.results, kinds=TARGETS) > 2
        assert note_objects(turns, life.results, kinds=TURNS) > 5
    sinks.add("output", *capfd.readouterr())
    canaries = {name: [value.encode()] for name, value in CANARIES.items()} | {"data key": sorted(data_keys)}
    _check_that_it_was_lively(life, handler, data_keys)
    found = set(sinks.leaks(canaries))
    found |= set(
        contents.leaks({name: values for name, values in canaries.items() if name not in {"text", "question"}})
    )
    found |= set(targets.leaks({name: values for name, values in canaries.items() if name != "e-mail"}))
    found |= set(
        turns.leaks({name: values for name, values in canaries.items() if name not in {"text", "question", "e-mail"}})
    )
    assert not found
    figure(FAULT, passed=len(SINKS) * len(canaries) - len(found), of=len(SINKS) * len(canaries))


def _note_stored(sinks: Sinks, world: World) -> None:
    for name in world.blobs.list(""):
        sinks.add("blob name", name)
        sinks.add("stored byte", bytes(world.blobs.get(name)))
    for path in sorted(world.folder.rglob("*")):
        sinks.add("blob name", path.relative_to(world.folder))
        if path.is_file() and path.parent.name != "bao":  # a server's own certificates and log
            sinks.add("stored byte", path.read_bytes())


def _check_that_it_was_lively(life: Life, handler: Any, data_keys: set[bytes]) -> None:
    """A life without failures, keys or logs would prove nothing."""
    kinds = {type(error) for error in life.errors}
    assert {kr.ConfigError, kr.IntegrityError, kr.CorruptFileError} <= kinds
    assert kinds & {kr.KeyUnavailableError, kr.KeyAccessDeniedError}
    assert {kr.ProviderRejectedError, kr.ProviderUnavailableError, kr.RateLimitedError} <= kinds
    assert kr.TenantErasedError in kinds
    assert len(data_keys) >= 4
    assert {"openai", "httpcore2"} <= handler.names


@pytest.mark.parametrize("sink", SINKS)
def test_a_canary_is_found_in_any_form(sink):
    secret = bytes(range(7, 39))
    for form in forms_of(secret):
        sinks = Sinks()
        sinks.add(sink, b"before " + form + b" after")
        assert sinks.leaks({"secret": [secret], "other": [b"another one"]}) == [(sink, "secret")]
    for before in range(3):
        assert any(form in b64encode(bytes(before) + secret + b"tail") for form in forms_of(secret))
