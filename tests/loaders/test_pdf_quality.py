from __future__ import annotations

import unicodedata

import pytest

from konverze_loaders.pdf.marks import Glyph, from_right_to_left, runs_from_right, written
from konverze_loaders.pdf.quality import GIBBERISH, MISPLACED, UNEXPLAINED, fault, is_garbage

ENGLISH = "Refunds are paid within seven days of the day on which the goods were received in our warehouse. "
HINDI = "अगर आप सदस्य हैं तो सात दिन में पैसा वापस मिलता है। दुकान सुबह नौ बजे खुलती है और रात को बन्द होती है। "
LEGACY = (  # Hindi in a font that draws Devanagari for Latin letters
    "Hkkjr ljdkj us ;g fu;e cuk;k gS fd nqdku ds ekfyd dks jlhn esa dj dh jkf'k fy[kuh gS vkSj xzkgd ls iwNuk gSA "
)
HONEST = {
    "English": ENGLISH * 3,
    "Welsh": "Genir pawb yn rhydd ac yn gydradd â'i gilydd mewn urddas a hawliau. Fe'u cynysgaeddir â rheswm. " * 3,
    "Czech": "Strč prst skrz krk. Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. " * 3,
    "Vietnamese": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. " * 3,
    "Russian": "Все люди рождаются свободными и равными в своём достоинстве и правах. " * 3,
    "Hindi": HINDI * 3,
    "Tamil": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும் உரிமைகளிலும் சமமானவர்கள். " * 3,
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม " * 3,
    "Arabic": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلًا وضميرًا. " * 3,
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" * 3,
    "code": "def load(path: Path) -> bytes:\n    return path.read_bytes()  # no cache\nfor x in range(10): print(x)\n"
    * 9,
    "numbers": "1,204.50 | 88.10 | 310.00 | 77.25 | 12 | 3 | 45.00 %\n" * 20,
    "rules": "-" * 500 + "\n" + ENGLISH * 2,
    "formulas": "∀x ∈ ℝ: f(x) = Σ aₙxⁿ ≤ ∫ g(t) dt, α → β, \ufffd \ufffd\n" + ENGLISH * 3,
    "bullets": "\uf0b7First point of all\n\uf0b7second point\n" + ENGLISH,
}


@pytest.mark.parametrize("kind", HONEST)
def test_honest_pages_pass(kind):
    assert fault(HONEST[kind]) is None


def _lost(text: str, share: float) -> str:
    """Every so manyth letter gone, as with a font that does not explain a conjunct."""
    step = round(1 / share)
    return "".join("\ufffd" if n % step == step - 1 and c.isalpha() else c for n, c in enumerate(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_lost(HINDI * 3, 0.05), UNEXPLAINED),
        (_lost(HINDI, 0.02), UNEXPLAINED),
        (_lost(ENGLISH * 3, 0.03), UNEXPLAINED),
        ("".join(chr(ord(c) - 29) for c in ENGLISH * 3), UNEXPLAINED),
        (ENGLISH.replace("e", "\uf065") * 3, UNEXPLAINED),
        (". , ; : ' ( ) , . ; , " * 20, UNEXPLAINED),
        (HINDI.replace("द", "$").replace("त", "<") * 3, UNEXPLAINED),
        ("".join(c for c in HINDI * 9 if c != "्"), MISPLACED),
        ("".join(f" {c}" if unicodedata.category(c) == "Mc" else c for c in HINDI * 9), MISPLACED),
        (ENGLISH.translate(str.maketrans("aeiouy", "bcdfgh")) * 3, GIBBERISH),
        (LEGACY * 3, GIBBERISH),
        ("Ã©tÃ© Ã  la plage, où les garÃ§ons Ã©taient trÃ¨s fatiguÃ©s. " * 9, GIBBERISH),
    ],
)
def test_garbage_is_told_with_a_reason(text, reason):
    assert fault(text) == reason


def test_a_line_of_lost_glyphs_is_garbage():
    assert is_garbage("\ufffd\ufffd \ufffd$\n")
    assert not is_garbage("x \ufffd y = z\n")


@pytest.mark.parametrize(
    ("drawn", "meant"),
    [
        ("ਮਨੁੱਖੀ ਅਿਧਕਾਰ ਿਵਸ਼ਵ ਿਕਸ ਿਜਸ", "ਮਨੁੱਖੀ ਅਧਿਕਾਰ ਵਿਸ਼ਵ ਕਿਸ ਜਿਸ"),
        ("ிமன ெபண் ேநரம் ைக ெபான்", "ிமன பெண் நேரம் கை பொன்"),
        ("েকন েস েয ৈতল", "কেন সে যে তৈল"),
        ("េស ែដល ្របកាស ៃថ្ង", "សេ ដែល ប្រកាស ថ្ងៃ"),
        ("ท่ีน่ี ทํา", "ที่นี่ ทำ"),
        ("дөнья һəм мəктəп, Əлифба", "дөнья һәм мәктәп, Әлифба"),
    ],
)
def test_signs_move_to_where_they_are_written(drawn, meant):
    assert unicodedata.normalize("NFC", written(drawn)) == unicodedata.normalize("NFC", meant)


@pytest.mark.parametrize("text", [HINDI, HONEST["Tamil"], HONEST["Thai"], HONEST["Russian"], "ə schwa in English"])
def test_what_is_written_right_stays(text):
    assert written(text) == text


def _drawn(words: str) -> list[Glyph]:
    """Glyphs of a line that is drawn from right to left, each ten points wide, a space four."""
    glyphs, right = [], 500.0
    for character in words:
        if unicodedata.category(character) == "Mn":
            glyphs.append(Glyph(character, right + 2, right + 6))
            continue
        width = 4.0 if character == " " else 10.0
        glyphs.append(Glyph(character, right - width, right))
        right -= width
    return glyphs


@pytest.mark.parametrize("text", ["שלום לכולם", "הוא בן 321 שנים", "פֿאַרײניקטע", "كتاب جديد"])
def test_a_line_from_right_to_left_is_read_in_its_order(text):
    numbers_drawn = text.replace("321", "123")
    assert from_right_to_left(reversed(_drawn(text)), 1.5) == numbers_drawn
    assert runs_from_right(text)


def test_a_full_stop_of_a_line_that_was_laid_out_from_the_left_comes_last():
    assert from_right_to_left(_drawn(".שלום"), 1.5) == "שלום."


def test_brackets_that_were_named_by_their_shape_turn():
    assert from_right_to_left(_drawn(")שלום(לך"), 1.5) == "(שלום)לך"
    assert from_right_to_left(_drawn("(שלום)לך"), 1.5) == "(שלום)לך"
