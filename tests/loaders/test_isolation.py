"""`LoaderPool`: the same results as `load`, and nothing that a file does reaches beyond the file."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from konverze_core.errors import (
    ConfigError,
    CorruptFileError,
    EncryptedFileError,
    LimitExceededError,
    LoadError,
    NoTextError,
)
from konverze_loaders import LoadLimits, load
from konverze_loaders.isolation.confinement import landlock_version
from konverze_loaders.isolation.pool import LoaderPool, worker_command
from konverze_loaders.isolation.wire import REPLY_HEAD
from konverze_loaders.isolation.worker_limits import WorkerLimits
from tests.loaders.docx_bytes import docx, p, table
from tests.loaders.hostile_worker import SPEAKING, command, framed
from tests.loaders.pdf_bytes import pdf, prose

SMALL = WorkerLimits(
    max_cpu_s=1, max_cpu_s_per_mb=1, max_waiting_s=60, max_memory_bytes=100_000_000, max_output_bytes=10_000
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="what the kernel refuses is told for Linux")
landlocked = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def pool():
    with LoaderPool(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def wild():
    """A pool whose parser does what the file says, within small limits."""
    with LoaderPool(1, limits=SMALL, command=command("misbehaving")) as pool:
        yield pool


@pytest.fixture(scope="module")
def taken():
    """A pool whose workers reply with the bytes of the file."""
    with LoaderPool(1, limits=SMALL, command=SPEAKING) as pool:
        yield pool


def outcome(read, data, **told):
    """A document, or what was raised."""
    try:
        return read(data, **told)
    except LoadError as error:
        return type(error), str(error), error.source


FILES = {
    "a.txt": "Refunds take 30 days.\n\nकखग".encode(),
    "utf16.txt": "Zwölf Boxkämpfer".encode("utf-16"),
    "cp1252.txt": "Grüße aus München, “so” – für 5 €. ".encode("cp1252") * 9,
    "a.md": b"# Title\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "a.html": b"<!doctype html><title>T</title><h1>x</h1><p>y",
    "a.pdf": pdf(prose(["Some words", "on a page"])),
    "a.docx": docx(p("Body.") + table(["a", "b"], ["c", "d"])),
    "wrong.pdf": b"# Title\n\n- one\n- two\n\n| a | b |\n|---|---|\n",
    "empty.txt": b" \n",
    "cut.docx": docx(p("Body."))[:-9],
    "image.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "odd name\udcff\n.txt": b"words",
    "": b"no name",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_as_by_load(pool, name):
    assert outcome(pool.load, FILES[name], name=name) == outcome(load, FILES[name], name=name or "upload")


def test_limits_and_password_reach_the_worker(pool, wild):
    limits = LoadLimits(max_text_chars=3)
    assert outcome(pool.load, b"words", limits=limits) == outcome(load, b"words", limits=limits)
    with pytest.raises(LimitExceededError, match="max_file_bytes is 3"):
        pool.load(b"words", limits=LoadLimits(max_file_bytes=3))
    assert wild.load(b"password ", password="Sésame").text == "Sésame"


def test_a_file_longer_than_any_pipe_is_read(pool):
    text = "Words of all kinds, कखग. " * 400_000
    assert pool.load(text.encode()) == load(text.encode())


@pytest.mark.parametrize(("act", "limit"), [("loop", "max_cpu_s is 1"), ("long 20000", "max_output_bytes")])
def test_a_limit_is_a_typed_error_that_names_it(wild, act, limit):
    with pytest.raises(LimitExceededError, match=limit) as raised:
        wild.load(act.encode(), name="guilty.pdf")
    assert raised.value.source == "guilty.pdf"
    assert wild.load(b"next").text == "next"


def test_a_hang_that_computes_nothing_ends():
    limits = WorkerLimits(max_cpu_s=1, max_waiting_s=1)
    with LoaderPool(1, limits=limits, command=command("misbehaving")) as pool:
        began = time.monotonic()
        with pytest.raises(LimitExceededError, match="max_waiting_s is 1"):
            pool.load(b"sleep 60")
        assert 2 <= time.monotonic() - began < 20
        assert pool.load(b"next").text == "next"


@linux
def test_memory_is_limited(wild):
    with pytest.raises(LimitExceededError, match="max_memory_bytes is 100000000"):
        wild.load(b"allocate")
    with pytest.raises(LimitExceededError, match="max_memory_bytes"):
        wild.load(bytes(150_000_000), limits=LoadLimits(max_file_bytes=200_000_000))
    assert wild.load(b"next").text == "next"


@pytest.mark.parametrize(
    ("act", "how"),
    [
        ("crash SIGSEGV", "crashed .SIGSEGV"),
        ("crash SIGABRT", "crashed .SIGABRT"),
        ("crash SIGBUS", "crashed .SIGBUS"),
        ("null", "crashed .SIGSEGV"),
        ("leave 0", "crashed"),
        ("leave 9", "crashed"),
        ("leave 255", "crashed"),
        ("surrogate", "cannot be told"),
    ],
)
def test_a_crash_is_a_typed_error(wild, act, how):
    with pytest.raises(CorruptFileError, match=how):
        wild.load(act.encode(), name="guilty.pdf")
    assert wild.load(b"next").text == "next"


def test_a_killed_process_is_a_typed_error(wild):
    with pytest.raises(LimitExceededError, match="was killed"):
        wild.load(b"crash SIGKILL")


def test_what_a_parser_prints_goes_nowhere(wild, capfd):
    assert wild.load(b"print secret").text == "secret"
    assert "secret" not in "".join(capfd.readouterr())


def test_no_file_finds_anything_of_the_one_before(wild):
    assert wild.load(b"remember first").text == "b'first'"
    assert wild.load(b"remember second").text == "b'second'"


def test_a_worker_has_nothing_of_the_service(wild, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    held = os.open("/", os.O_RDONLY)
    os.set_inheritable(held, True)
    before = children()
    try:
        with LoaderPool(1, command=command("misbehaving")) as pool:
            told = pool.load(b"environment").text
            assert "canary" not in told
            assert "{}" in told or "LC_CTYPE" in told  # Python's own, where the locale is C
            assert " / " in told
            assert " True " in told
            if sys.platform == "linux":
                (worker,) = set(children()) - set(before)
                assert len(list(Path(f"/proc/{worker}/fd").iterdir())) == 7
                assert "canary" not in Path(f"/proc/{worker}/environ").read_text()
    finally:
        os.close(held)


def test_limits_of_the_process_are_set_for_good(wild):
    told = wild.load(b"limits").text
    assert "RLIMIT_FSIZE=(0, 0)" in told
    assert "RLIMIT_CORE=(0, 0)" in told
    assert "RLIMIT_NOFILE=(64, 64)" in told
    assert "RLIMIT_CPU=(1, 3)" in told


@landlocked
@pytest.mark.parametrize("attempt", ["tcp", "udp", "unix", "fork", "program", "exec", "kill", "memory"])
def test_the_kernel_refuses_what_no_parser_needs(wild, attempt):
    assert wild.load(f"try {attempt} {os.getpid()}".encode()).text.startswith("refused")


@landlocked
def test_the_kernel_refuses_all_files_but_libraries(wild, tmp_path):
    secret = tmp_path / "key.json"
    secret.write_text("secret")
    for attempt in (
        f"read {secret}",
        f"write {secret}",
        f"write {tmp_path}/new",
        f"list {tmp_path}",
        "read /etc/passwd",
    ):
        assert wild.load(f"try {attempt}".encode()).text == "refused 13"
    assert wild.load(f"try read /proc/{os.getpid()}/environ".encode()).text == "refused 13"
    assert wild.load(f"try list {Path(os.__file__).parent}/email".encode()).text.startswith("done")
    assert wild.load(f"try write {os.__file__}".encode()).text == "refused 13"
    assert secret.read_text() == "secret"


GOOD = {
    "text": "abcdef",
    "blocks": [{"kind": "paragraph", "span": {"start": 0, "end": 3}}, {"kind": "note", "span": {"start": 4, "end": 6}}],
    "pages": [{"number": 1, "span": {"start": 0, "end": 3}}, {"number": 2, "span": {"start": 3, "end": 6}}],
    "metadata": {"format": "text", "facts": [1, 2.5, True, "x"]},
    "unread": [{"part": "page 2", "reason": "scanned", "page": 2}],
}


def test_a_reply_that_keeps_the_rules_is_a_document(taken):
    document = taken.load(framed({"document": GOOD}))
    assert document.text == "abcdef"
    assert document.blocks[1].span.start == 4
    assert document.metadata["facts"] == [1, 2.5, True, "x"]


def block(start, end, **more):
    return {"kind": "paragraph", "span": {"start": start, "end": end}} | more


def page(number, start, end):
    return {"number": number, "span": {"start": start, "end": end}}


BAD_DOCUMENTS = {
    "beyond the text": {"blocks": [block(0, 7)]},
    "before the text": {"blocks": [block(-1, 3)]},
    "backwards": {"blocks": [block(3, 2)]},
    "overlapping": {"blocks": [block(0, 3), block(2, 4)]},
    "descending": {"blocks": [block(4, 6), block(0, 3)]},
    "unknown kind": {"blocks": [block(0, 3, kind="program")]},
    "negative level": {"blocks": [block(0, 3, level=-1)]},
    "negative table": {"blocks": [block(0, 3, table=-1)]},
    "fractions": {"blocks": [block(0, 2.5)]},
    "pages out of order": {"pages": [page(2, 0, 3), page(1, 3, 6)]},
    "overlapping pages": {"pages": [page(1, 0, 4), page(2, 3, 6)]},
    "page beyond the text": {"pages": [page(1, 0, 7)]},
    "page 0 unread": {"unread": [{"part": "x", "reason": "y", "page": 0}]},
    "many facts": {"metadata": dict.fromkeys(map(str, range(1_001)), 1)},
    "a fact of many values": {"metadata": {"x": [1] * 1_001}},
    "a fact that is a table": {"metadata": {"x": {"y": "z"}}},
    "text that is none": {"text": 5},
    "bytes as text": {"text": b"abcdef"},
}
BAD_REPLIES = {
    "nothing": b"",
    "a length only": REPLY_HEAD.pack(50),
    "zeros": bytes(40),
    "noise": REPLY_HEAD.pack(9) + b"\xc1" * 9,
    "oversized": framed({"document": GOOD | {"text": "x" * 10_001}}),
    "immense": REPLY_HEAD.pack(2**64 - 1),
    "an array of 4 thousand million": REPLY_HEAD.pack(5) + b"\xdd\xff\xff\xff\xff",
    "deep": REPLY_HEAD.pack(9_000) + b"\x91" * 9_000,
    "neither": framed({}),
    "both": framed({"document": GOOD, "failure": {"kind": "NoTextError", "source": "a.txt", "reason": ""}}),
    "more than a reply": framed({"document": GOOD}) + b"x",
    "no error of load": framed({"failure": {"kind": "SystemExit", "source": "a.txt", "reason": "x"}}),
    "an error of the settings": framed({"failure": {"kind": "ConfigError", "source": "a.txt", "reason": "x"}}),
    "another file's error": framed({"failure": {"kind": "NoTextError", "source": "b.txt", "reason": "x"}}),
    "a neighbour's error": framed({"failure": {"kind": "NoTextError", "source": "a.txt2", "reason": "x"}}),
} | {what: framed({"document": GOOD | change}) for what, change in BAD_DOCUMENTS.items()}


@pytest.mark.parametrize("what", BAD_REPLIES)
def test_a_worker_that_was_taken_over_is_not_believed(taken, what):
    with pytest.raises(CorruptFileError, match="crashed") as raised:
        taken.load(BAD_REPLIES[what] or b"\0", name="a.txt")
    assert raised.value.source == "a.txt"


def test_an_error_may_be_about_a_file_inside(taken):
    with pytest.raises(EncryptedFileError) as raised:
        taken.load(
            framed({"failure": {"kind": "EncryptedFileError", "source": "?/b.pdf", "reason": "x" * 5_000}}),
            name="\ud800",
        )
    assert raised.value.source == "\ud800/b.pdf"
    assert len(raised.value.reason) == 1_000


def test_a_reply_that_was_not_asked_for_is_never_another_files(taken):
    stolen = framed({"document": GOOD | {"text": "of another tenant"}})
    assert taken.load(b"twice" + stolen).text == "of another tenant"
    assert taken.load(framed({"document": GOOD})).text == "abcdef"


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_the_rest_of_a_file_that_was_not_read_is_no_request(size):
    with LoaderPool(1, command=command("hasty")) as pool:
        for word in ("hasty", "other", "third"):
            with pytest.raises(NoTextError, match=word):
                pool.load(word.encode() + bytes(size))


def test_threads_wait_for_a_worker_and_get_their_own_document():
    before = children()
    acts = [b"crash SIGSEGV", *(f"words {n}".encode() for n in range(20))] * 2
    with LoaderPool(2, limits=SMALL, command=command("misbehaving")) as pool, ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda act: outcome(pool.load, act), acts))
        if sys.platform == "linux":
            assert len(children()) <= len(before) + 2
    for act, result in zip(acts, results, strict=True):
        assert result[0] is CorruptFileError if act.startswith(b"crash") else result.text == act.decode()


@linux
def test_two_hundred_files_with_deaths_leak_no_descriptor_and_no_process():
    alive = children()
    with LoaderPool(1, limits=SMALL, command=SPEAKING) as pool:
        outcome(pool.load, framed({"document": GOOD}))
        before = open_files()
        for number in range(200):
            outcome(pool.load, bytes(9) if number % 20 == 0 else framed({"document": GOOD}))
        assert open_files() == before
        assert len(children()) == len(alive) + 1
    assert open_files() == before - 4
    assert children() == alive


@linux
def test_an_idle_worker_that_was_killed_is_replaced(wild):
    assert wild.load(b"one").text == "one"
    time.sleep(0.3)  # it has put the file away, and told
    killed = children()
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not set(children()) & set(killed))
    assert wild.load(b"two").text == "two"


@linux
def test_a_worker_killed_in_the_middle_costs_one_file():
    with LoaderPool(2, limits=WorkerLimits(), command=command("misbehaving")) as pool, ThreadPoolExecutor(2) as threads:
        before = children()
        pool.load(b"one")
        (worker,) = set(children()) - set(before)
        victim = threads.submit(outcome, pool.load, b"sleep 60")
        wait_until(lambda: "sleep" in states(worker))
        os.kill(worker, signal.SIGKILL)
        assert victim.result(20)[0] in {LimitExceededError, CorruptFileError}
        assert pool.load(b"two").text == "two"


@linux
def test_no_worker_outlives_its_pools_process():
    program = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "from threading import Thread\n"
        "from konverze_loaders.isolation.pool import LoaderPool\n"
        "from tests.loaders.hostile_worker import command\n"
        "from tests.loaders.test_isolation import children, states, wait_until\n"
        "import time\n"
        "pool = LoaderPool(2, command=command('misbehaving'))\n"
        "for act in (b'sleep 600', b'loop'):\n"
        "    Thread(target=pool.load, args=(act,), daemon=True).start()\n"
        "wait_until(lambda: len(children()) == 2 and all(states(child) for child in children()))\n"
        "print(*children(), *(grand for child in children() for grand in children(child)), flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as service:
        workers = [int(word) for word in service.stdout.readline().split()]
        assert len(workers) == 4
        service.kill()
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


@linux
def test_a_forked_service_gets_workers_of_its_own():
    program = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "import os\n"
        "from konverze_loaders.isolation.pool import LoaderPool\n"
        "from tests.loaders.test_isolation import children\n"
        "pool = LoaderPool(1)\n"
        "pool.load(b'one')\n"
        "if os.fork() == 0:\n"
        "    assert pool.load(b'child').text == 'child'\n"
        "    assert len(children()) == 1\n"
        "    sys.exit()\n"
        "assert os.wait()[1] == 0\n"
        "first = children()\n"
        "assert pool.load(b'two').text == 'two'\n"
        "assert children() == first\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)


def test_a_closed_pool_refuses_files():
    pool = LoaderPool(1)
    assert pool.load(b"words").text == "words"
    pool.close()
    pool.close()
    with pytest.raises(ConfigError, match="closed"):
        pool.load(b"words")


def test_a_pool_closed_meanwhile_ends_its_worker_after_the_file():
    pool = LoaderPool(1, command=command("misbehaving"))
    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(outcome, pool.load, b"sleep 1")
        time.sleep(0.7)
        pool.close()
        assert result.result(20).text == "None"
    assert not pool._idle


@pytest.mark.parametrize("broken", [("/bin/false",), ("/nowhere/python",), ("/bin/sh", "-c", "exit 3", "sh")])
def test_workers_that_do_not_start_are_an_error_of_the_settings(broken):
    with LoaderPool(1, command=broken) as pool, pytest.raises(ConfigError, match="start"):
        pool.load(b"words")


@linux
def test_a_process_with_no_descriptor_left_gets_an_error_and_loses_none(monkeypatch):
    starts = []
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **more: starts.append(1) or start(*args, **more))
    with LoaderPool(1) as pool:
        opened = set(Path("/proc/self/fd").iterdir())
        free = os.dup(0)
        os.close(free)
        before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        refused = []
        for left in range(200):  # each pipe of the worker finds none in turn, then what starts it
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + left, hard))
            try:
                pool.load(b"text")
                break
            except ConfigError as error:
                refused.append((str(error), len(starts)))
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
            assert set(Path("/proc/self/fd").iterdir()) == opened
        assert all("cannot be started (Too many open files)" in said for said, _ in refused)
        assert refused[0][1] == 0
        assert refused[-1][1] > 0
        assert pool.load(b"text") == load(b"text")


def test_a_pool_behind_another_program_works():
    with LoaderPool(1, command=("/usr/bin/env", "nice", *worker_command())) as pool:
        assert pool.load(b"words").text == "words"


def test_limits_and_workers_are_at_least_one():
    with pytest.raises(ConfigError, match="max_cpu_s"):
        WorkerLimits(max_cpu_s=0)
    with pytest.raises(ConfigError, match="at least one worker"):
        LoaderPool(0)
    assert WorkerLimits().cpu_s(3_500_000) == 20 + 35


def test_a_source_checkout_without_its_path_in_the_environment_is_found(monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert "" not in worker_command()
    with LoaderPool(1) as pool, pytest.raises(NoTextError):
        pool.load(b" ")


def open_files() -> int:
    """Descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def children(of: int | None = None) -> list[int]:
    """Processes that this one, or another, has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parts = stat.read_text().rpartition(")")[2].split()
            if int(parts[1]) == (of or os.getpid()) and parts[0] != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


def states(worker: int) -> str:
    """What the worker's own child waits for: `sleep`, `loop`, or nothing while it waits for a file."""
    for child in children(worker):
        with suppress(OSError):
            call = Path(f"/proc/{child}/wchan").read_text()
            if "nanosleep" in call:
                return "sleep"
            stat = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            if stat[0] == "R" and int(stat[11]) > 5:
                return "loop"
    return ""


def wait_until(condition, timeout_s: float = 20.0) -> None:
    """Returns when the condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
