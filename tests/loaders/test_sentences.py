"""Where sentences end, in English, Hindi and Hinglish; each case is joined, split, and must come out as it went in."""

from __future__ import annotations

import pytest

from konverze_loaders import split_sentences
from konverze_loaders.chunkers.sentences import last_sentence_border, sentence_borders


def _sentence_texts(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize(
    ("joint", "sentences"),
    [
        (" ", ["Mr. Rao paid Rs. 3.5 lakh to A. K. Sen, e.g. for No. 7.", "Then he left."]),
        (" ", ["Is it?", "Yes!", "“Quite so.”", "Good…", "End"]),
        (" ", ["धनवापसी सात दिन में।", "फिर लिखें॥", "ठीक है"]),
        ("", ["返金は七日です。", "どうぞ。"]),
        (" ", ["One; two; three."]),
        (" ", ["It wraps\nover lines.", "Next."]),
        ("\n", ["Basic | 499", "Pro | 1,499"]),
        ("\n", ["Tea .......... 20", "Coffee .......... 40"]),
        ("\n", ["Tea . . . . . . 20", "Coffee . . . . . . 40"]),
        (" ", ["the stops stand apart .", "as in some corpora .", "they are borders"]),
        (" ", ["It came from Acme Ltd.", "The rest stayed."]),
        ("\n", ["1. Open.", "2. Close.", "iv. Wait.", "- done"]),
        ("\n\n", ["A heading", "A text."]),
        (" ", ["The plan costs Rs. 499.", "It renews monthly."]),
        (" ", ["Write to help@acme.in or visit www.acme.in.", "We answer fast."]),
        (" ", ["See https://acme.in/a.b?c=d.", "More follows there."]),
        (" ", ["He said “Stop.”", "Then he left."]),
        (" ", ["He said, “It is done.” and left."]),
        (" ", ['"Is it open?" she asked.']),
        (" ", ["Is it open (really?) or not?", "Yes."]),
        (" ", ["The rate is 3.5%.", "The fee is 1.25."]),
        (" ", ["Version 2.0.1 is out.", "Update now."]),
        (" ", ["1. Open the lid.", "2. Add water.", "3. Close it."]),
        (" ", ["1) Open the lid.", "2) Add water."]),
        (" ", ["Dr. A. P. J. Abdul Kalam was born in 1931.", "He was President."]),
        (" ", ["J. K. Rowling wrote it.", "She lives in the U.K. with family."]),
        (" ", ["They met at 5 p.m. on Friday.", "It rained."]),
        (" ", ["They met at 5 p.m.", "It rained."]),
        (" ", ["We ship to the U.S. and Canada.", "Not to the E.U. yet."]),
        (" ", ["It is made by Tata Sons Pvt. Ltd. in Mumbai.", "Call us."]),
        (" ", ["Order No. 45 shipped.", "Order no. 46 did not."]),
        (" ", ["See Fig. 3 and Sec. 4.2 for details.", "Also see p. 12."]),
        (" ", ["Wait... what?", "Nothing."]),
        (" ", ["Well… maybe.", "No."]),
        (" ", ["He came, etc. and left."]),
        (" ", ["Bring ID, photo, etc.", "Then sign."]),
        (" ", ["धनवापसी 7 दिन में होगी।", "कृपया प्रतीक्षा करें।"]),
        (" ", ["उन्होंने कहा, “यह ठीक है।”", "फिर गए।"]),
        (" ", ["रामाय नमः॥", "श्लोक दो है॥"]),
        (" ", ["डॉ. शर्मा ने रु. 500 दिए।", "वे खुश हैं।"]),
        (" ", ["श्री. राव और प्रो. सेन आए।", "बैठक हुई।"]),
        (" ", ["कीमत ₹1,499.50 है।", "यह सही है।"]),
        (" ", ["क्या आप आएँगे?", "हाँ!", "ठीक है।"]),
        (" ", ["यह सही है|", "वह गलत है|"]),
        (" ", ["यह Hindi में है.", "वह English में है."]),
        (" ", ["Order cancel karna hai?", "App kholo aur My Orders par jao.", "Phir Cancel dabao."]),
        (" ", ["Refund 7 din mein aa jata hai.", "Aur agar nahi aaya to call karein."]),
        (" ", ["Aapka order kab aayega?", "Kal tak, i.e. 24 ghante mein.", "Ok ji."]),
        (" ", ["Dr. Mehta ka clinic subah 10 a.m. se khulta hai.", "Sunday band."]),
        (" ", ["The temperature was 98.6 degrees.", "It fell later."]),
        (" ", ["Vitamin C. helps."]),
        (" ", ["He got an A.", "She got a B."]),
        (" ", ["I am taller than I.", "He knows."]),
        (" ", ["It happened in the 1990s.", "Then it stopped."]),
        (" ", ["It cost $5.", "That was cheap."]),
        (" ", ["The office is at 12 M.G. Road, Pune.", "Open daily."]),
        (" ", ["Mr. and Mrs. Rao came.", "They left."]),
        (" ", ["Use e.g. tea, i.e. chai, vs. coffee.", "Done."]),
        (" ", ["Prof. Dr. h.c. Rao came.", "Fine."]),
        (" ", ["Reply within 24 hrs. if possible.", "Thanks."]),
        (" ", ["See Jan. 5 and Feb. 7.", "Done."]),
        (" ", ["Ends with ellipsis....", "Next."]),
        (" ", ["Really?!", "Yes!!!", "Okay."]),
        (" ", ["He said: (See above.)", "Then left."]),
        (" ", ["**This is bold.**", "Next one."]),
        (" ", ["Footnote here.[1]", "Next sentence."]),
        (" ", ["Footnote here.[12][13]", "Next sentence."]),
        (" ", ["It ended.¹", "Next sentence."]),
        (" ", ["বাংলা বাক্য এক।", "বাক্য দুই।"]),
        (" ", ["તે સારું છે.", "તે ખરાબ છે."]),
        (" ", ["இது நல்லது.", "அது கெட்டது."]),
        (" ", ["یہ اچھا ہے۔", "وہ برا ہے۔"]),
        (" ", ["ਇਹ ਚੰਗਾ ਹੈ।", "ਉਹ ਮਾੜਾ ਹੈ।"]),
        (" ", ["¿Qué pasa?", "Nada."]),
        (" ", ["In approx. 3 min. it boils.", "Serve."]),
        (" ", ["The St. Mary church is on Main St. near it.", "Go."]),
        (" ", ["Contact us at 1800.123.456.", "Thanks."]),
        (" ", ["iPhone 15.", "eBay sells it."]),
        (" ", ["It closed.", "iPhone sales rose."]),
        (" ", ["It was No. 1.", "It won."]),
        (" ", ["Is this no?", "No.", "It is yes."]),
        (" ", ["I said no.", "It is over."]),
        (" ", ["Rs.500 only.", "Pay now."]),
        (" ", ["He works at Google Inc.", "She works at Meta Corp.", "They meet."]),
        (" ", ["Sales grew by 5 pct. in Q1.", "Good."]),
        (" ", ["The U.S. Senate voted.", "It passed."]),
        (" ", ["He is 6 ft. tall.", "She is 5 ft. 3 in. tall."]),
        (" ", ["Add 2 tbsp. oil and 1 tsp. salt.", "Mix."]),
        (" ", ["The Hon. Minister, i.e. Smt. Rao, spoke.", "All heard."]),
        (" ", ["Answer: yes.", "Reason: none."]),
        (" ", ["Visit acme.com.", "It is free."]),
        (" ", ["file.txt is here.", "So is a.py."]),
        (" ", ["Node.js is used.", "So is .NET here."]),
        (" ", ["(This is aside.)", "This is not."]),
        (" ", ["'Quoted.'", "Next."]),
        (" ", ["“One.”", "“Two.”"]),
        (" ", ["What is A.I.?", "It is new."]),
        (" ", ["This uses A.I.", "It is new."]),
        (" ", ["He left at 5.", "Later he came."]),
        (" ", ["The score was 3.", "5 people came."]),
        (" ", ["Figs. 2–4 show it.", "See vol. 3, pp. 4–5, ch. 2, no. 7."]),
        (" ", ["कं. लि. की बैठक हुई।", "सब आए।"]),
        (" ", ["ई. 1947 में आज़ादी मिली।", "देश बदला।"]),
        (" ", ["स्व. इंदिरा गांधी आईं।", "सब मिले।"]),
        (" ", ["पं. नेहरू आए।", "सब मिले।"]),
        (" ", ["चि. राम और सौ. सीता आए।", "ठीक।"]),
        (" ", ["एम. ए. पास है।", "बी. ए. नहीं।"]),
        (" ", ["ए. पी. जे. अब्दुल कलाम वैज्ञानिक थे।", "वे राष्ट्रपति थे।"]),
        (" ", ["कीमत रु.500 है।", "ठीक।"]),
        (" ", ["दिनांक 5.6.2024 को आए।", "गए।"]),
        (" ", ["क्रमांक सं. 5 देखें।", "ठीक।"]),
        (" ", ["मि. राव आए।", "गए।"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_sentence_borders(joint, sentences):
    assert _sentence_texts(joint.join(sentences)) == sentences


def test_blank_lines_and_bullets_are_borders():
    assert _sentence_texts("Title\n\nBody text\n- one\n- two") == ["Title", "Body text", "- one", "- two"]


@pytest.mark.parametrize("text", ["", " ", ".", "...", ". a", "? b", "।", "\n\n", "(1", " . . ."])
def test_stops_without_words_are_no_trouble(text):
    assert "".join("".join(_sentence_texts(text)).split()) == "".join(text.split())


def test_a_part_of_a_text_is_split_where_it_stands():
    text = "One is here. Two is here. Three is here. Four is here."
    spans = split_sentences(text, text.index("Two"), text.index("Four"))
    assert [text[span.start : span.end] for span in spans] == ["Two is here.", "Three is here."]


def test_the_last_border_is_the_last_of_all_borders():
    text = "Dr. Rao came… Then? e.g. he left.  “He did!” \n\n फिर गए॥ 2. Next\n- item\n- last one is here"
    for end in range(len(text)):
        ends = [len(text[:border].rstrip()) for border in sentence_borders(text, 0, len(text)) if border <= end]
        found = [place for place in ends if text[:place].strip()]
        assert last_sentence_border(text, 0, end) in {None if not found else found[-1], *found}


def test_borders_ascend():
    borders = list(sentence_borders("One.\n \n  \n- two", 0, 17))
    assert borders == sorted(set(borders)) != []
