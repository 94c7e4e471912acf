import sys

import matplotlib as mpl
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from konverze_rag.tuning.showing import lettering
from konverze_rag.tuning.showing.lettering import lettered, shortened

HINDI = "दुकान कब खुलती है?"


@pytest.fixture(autouse=True)
def only_matplotlibs_own_fonts(monkeypatch):
    own = [entry for entry in font_manager.fontManager.ttflist if mpl.get_data_path() in str(entry.fname)]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    monkeypatch.setattr(lettering, "FONT_PACKAGES", "tests.no-fonts")


def font_file(path, family, signs):
    """A font in which each sign is a box."""
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for corner in ((50, 700), (450, 700), (450, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = {ord(sign): f"u{ord(sign):05X}" for sign in signs}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys([".notdef", *names.values()], pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def test_a_label_is_one_line_that_cuts_no_letter_in_two():
    assert shortened("  a\n\tb  ", 9) == "a b"
    assert shortened("क्षत्रिय" * 9, 5) == "क्षत्रिय"[: len("क्षत्रि")] + "यक्ष…"
    assert shortened("a\u202eb\x00c\ue000", 9) == "abc"
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


def test_what_no_font_can_write_is_said_another_way():
    found = lettered([("Refund?", "a"), (HINDI, "q7"), (HINDI, HINDI, "question 3")], most_chars=40)
    assert found.labels == ["Refund?", "q7", "question 3"]
    assert found.fonts == mpl.rcParams["font.family"]


def test_a_symbol_that_no_font_has_is_left_out():
    assert lettered([("Where is it \U0001fae8?", "a")], most_chars=40).labels == ["Where is it ?"]


def test_a_font_of_the_machine_writes_what_the_usual_one_cannot(tmp_path):
    font_manager.fontManager.addfont(font_file(tmp_path / "a.ttf", "Probe One", set(HINDI) - {" ", "?"}))
    found = lettered([(HINDI, "q7"), ("Ünï", "a")], most_chars=40)
    assert found == ([HINDI, "Ünï"], [*mpl.rcParams["font.family"], "Probe One"])


def test_a_font_of_a_package_does_so_too(tmp_path, monkeypatch):
    package, facts = tmp_path / "probe_font_package", tmp_path / "probe_font-1.0.dist-info"
    (package / "files").mkdir(parents=True)
    facts.mkdir()
    (package / "__init__.py").touch()
    font_file(package / "files" / "a.ttf", "Probe Two", set(HINDI) - {" ", "?"})
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: probe-font\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[tests.fonts]\nprobe = probe_font_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lettering, "FONT_PACKAGES", "tests.fonts")
    for _ in range(2):
        assert lettered([(HINDI, "q7")], most_chars=40) == ([HINDI], [*mpl.rcParams["font.family"], "Probe Two"])
    assert [entry.name for entry in font_manager.fontManager.ttflist].count("Probe Two") == 1
    sys.modules.pop("probe_font_package", None)


def test_a_font_that_is_gone_is_passed_over(tmp_path):
    path = font_file(tmp_path / "a.ttf", "Probe Three", set(HINDI))
    font_manager.fontManager.addfont(path)
    path.unlink()
    assert lettered([(HINDI, "q7")], most_chars=40).labels == ["q7"]
