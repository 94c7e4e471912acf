"""A scan in Hindi: read with Tesseract's data of Hindi, which `make faults` installs, and never taken for read without.

`scans/hindi.pdf` is a picture of `TEXT`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from konverze_loaders import load
from konverze_loaders.isolation.pool import LoaderPool
from konverze_loaders.pdf.ocr import NO_HINDI, PageImages, Tesseract, language_data
from konverze_loaders.pdf.pdfium import PdfiumDocument

pytest.importorskip("tesserocr")

SCAN = Path(__file__).parent / "scans/hindi.pdf"
TEXT = """\
पैसे लौटाने के नियम
सामान मिलने के सात दिन के अंदर उसे लौटाया जा सकता है।
पैसे उसी खाते में वापस आते हैं जिससे भुगतान किया गया था।
टूटे हुए बर्तन बिना किसी शुल्क के बदले जाते हैं।
कृपया पहले हमें उनकी एक तस्वीर भेजिए।
हमारी दुकान सोमवार से शनिवार तक खुली रहती है।
"""


def trigrams(text: str) -> Counter[str]:
    words = " ".join(text.split())
    return Counter(words[start : start + 3] for start in range(len(words) - 2))


@pytest.mark.skipif("hin" not in language_data(), reason=NO_HINDI)
def test_a_scan_in_hindi_is_read_also_by_a_worker_that_may_read_no_other_file():
    document = load(SCAN)
    assert (trigrams(TEXT) & trigrams(document.text)).total() >= 0.9 * trigrams(TEXT).total()
    assert document.metadata["ocr_pages"] == [1]
    with LoaderPool(1) as pool:
        assert pool.load(SCAN.read_bytes(), name=SCAN.name) == document


def test_without_the_data_of_hindi_its_scan_is_not_read_and_the_reason_says_what_is_missing():
    with PdfiumDocument(SCAN.read_bytes(), None) as document:
        reason = PageImages(document, 10_000, lambda: Tesseract(language_data(()))).read(0, is_scan=True)
    assert NO_HINDI in reason
