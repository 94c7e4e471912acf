from __future__ import annotations

from email.message import EmailMessage

import pytest

from konverze_core.errors import LimitExceededError
from konverze_loaders import LoadLimits, load
from tests.loaders.office_bytes import zipped

HEADERS = {
    "From": "Asha <asha@example.org>",
    "To": "Ravi <ravi@example.org>",
    "Date": "Tue, 02 Jan 2024 10:00:00 +0530",
    "Subject": "Prices नमस्ते",
    "Message-ID": "<1@example.org>",
}


def _mail(**headers):
    message = EmailMessage()
    for name, value in (HEADERS | headers).items():
        message[name] = value
    return message


def _blocks(data, **options):
    document = load(data, **options)
    return [(b.kind.value, document.text[b.span.start : b.span.end]) for b in document.blocks], document


def test_headers_are_facts_and_the_first_block():
    message = _mail()
    message.set_content("Hello.\n\n> quoted\n")
    blocks, document = _blocks(bytes(message), name="mail")
    assert document.metadata == {
        "format": "eml",
        "from": HEADERS["From"],
        "to": HEADERS["To"],
        "date": "2024-01-02T10:00:00+05:30",
        "subject": HEADERS["Subject"],
        "title": HEADERS["Subject"],
    }
    shown = "\n".join(f"{name}: {HEADERS[name]}" for name in ("From", "To", "Date", "Subject"))
    assert blocks == [
        ("heading", HEADERS["Subject"]),
        ("paragraph", shown),
        ("paragraph", "Hello."),
        ("paragraph", "> quoted"),
    ]


def test_of_two_bodies_the_richer_is_read_unless_it_is_empty():
    message = _mail()
    message.set_content("plain")
    message.add_alternative("<table><tr><th>A<th>B<tr><td>1<td>2</table>", subtype="html")
    assert ("table_row", "A | B") in _blocks(bytes(message))[0]
    assert "plain" not in load(bytes(message)).text
    message = _mail()
    message.set_content("plain")
    message.add_alternative(" ", subtype="html")
    assert "plain" in load(bytes(message)).text


def test_attachments_are_read_by_their_format():
    message = _mail()
    message.set_content("See below.")
    message.add_attachment(b"# Terms\n\nNet 30.", maintype="application", subtype="octet-stream", filename="terms.md")
    message.add_attachment(zipped({"in.txt": "deep"}), maintype="application", subtype="zip", filename="more.zip")
    message.add_attachment(b"\x89PNG\r\n", maintype="image", subtype="png", filename="logo.png")
    blocks, document = _blocks(bytes(message))
    assert blocks[3:] == [
        ("heading", "terms.md"), ("heading", "Terms"), ("paragraph", "Net 30."), ("heading", "more.zip"),
        ("heading", "in.txt"), ("paragraph", "deep"),
    ]  # fmt: skip
    assert [(unread.part, unread.reason) for unread in document.unread] == [("logo.png", "this is a PNG image")]


def test_a_mail_inside_a_mail():
    inner, outer = _mail(Subject="Inner"), _mail(Subject="Outer")
    inner.set_content("inside")
    outer.set_content("outside")
    outer.add_attachment(inner)
    document = load(bytes(outer))
    headings = [document.text[b.span.start : b.span.end] for b in document.blocks if b.kind.value == "heading"]
    assert headings == ["Outer", "Inner"]
    assert document.text.endswith("inside")
    assert document.metadata["subject"] == "Outer"


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"caf\xe9", "café"),
        ("text/plain; charset=us-ascii", "नमस्ते".encode(), "नमस्ते"),
        ("text/plain; charset=no-such-thing", "नमस्ते".encode(), "नमस्ते"),
        ("text/plain; charset=unicode_escape", b"a\\x41b", "a\\x41b"),
        ("text/html", b"<p>a<script>x</script></p>", "a"),
        ("multipart/mixed; boundary=never", b"no parts", "no parts"),
    ],
)
def test_bodies_in_any_encoding(content_type, body, text):
    data = b"From: a@b\r\nDate: x\r\nMIME-Version: 1.0\r\nContent-Type: " + content_type.encode() + b"\r\n\r\n" + body
    assert load(data).text.endswith(text)


def test_headers_in_raw_bytes_and_bad_words():
    data = "From: Jürgen <j@x>\nDate: x\nMIME-Version: 1.0\nSubject: =?bad?q?x?= =?utf-8?b?!!?= ok\n\nbody"
    for encoding in ("utf-8", "cp1252"):
        assert "From: Jürgen <j@x>" in load(data.encode(encoding)).text


@pytest.mark.parametrize(
    "text",
    [
        "From: Asha\nTo: Ravi\nDate: today\nSubject: a note\n\nHello.",
        "From: the desk of the director\nTo: all\n\nHello.",
        "Note: this\nWarning: that\n\nBody.",
        "From the start: a story.\nDate: unknown\n",
        "Received: 5 parcels\nDate: today\n\nx",
    ],
)
def test_what_only_looks_like_a_mail_is_text(text):
    assert load(text.encode()).metadata["format"] == "text"


def test_ten_thousand_parts_and_deep_ones_are_bounded():
    head = b"From: a@b\r\nDate: x\r\nMIME-Version: 1.0\r\n"
    part = b"--B\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    data = head + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + part * 10_000 + b"--B--\r\n"
    with pytest.raises(LimitExceededError, match="max_entries"):
        load(data)
    assert load(data, limits=LoadLimits(max_entries=20_000)).text.count("hello") == 10_000
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n) for n in range(5_000))
    with pytest.raises(LimitExceededError):
        load(head + nested)
    with pytest.raises(LimitExceededError, match="lines"):
        load(head + nested[:50_000] + b"x\n" * 2_000_000)


def test_mails_inside_mails_are_held_to_a_depth():
    message = _mail()
    message.set_content("innermost")
    for _ in range(4):
        outer = _mail()
        outer.set_content("outer")
        outer.add_attachment(message)
        message = outer
    with pytest.raises(LimitExceededError, match="max_nesting is 3"):
        load(bytes(message))
    assert "innermost" in load(bytes(message), limits=LoadLimits(max_nesting=4)).text


def test_encoded_words_without_end_take_linear_time():
    assert load(b"From: a@b\nDate: x\nMIME-Version: 1.0\nSubject: " + b"=?a?q? " * 100_000 + b"\n\nbody").text
