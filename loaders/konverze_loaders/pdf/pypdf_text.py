"""Text of PDF pages by pypdf: twelve times slower than PDFium, and now and then right where that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from konverze_loaders.pdf.layout import Fragment, ended_at, fragment

if TYPE_CHECKING:
    import pypdf

    from konverze_loaders.reading import Reading


class Extractor:
    """Text of pages, with a count of the operators: pages may share one stream, and a small file show it often.

    Args:
        reading: Which file it is, and what it may take.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._operators = 0
        self._found: list[Fragment] = []

    def fragments(self, page: pypdf.PageObject) -> list[Fragment]:
        """Fragments of a page, in the order of its content stream.

        Raises:
            LimitExceededError: More operators than `max_text_operators`, this page's and its predecessors'.
        """
        self._found = []
        page.extract_text(visitor_operand_before=self._count, visitor_text=self._visit)
        self._check()  # pypdf swallows what is raised inside a form
        return self._found

    def _count(self, operator: bytes, operands: Any, _user: list[float], _text_matrix: list[float]) -> None:
        is_array = operator == b"TJ" and operands and isinstance(operands[0], list)
        self._operators += 1 + (len(operands[0]) if is_array else 0)
        self._check()

    def _check(self) -> None:
        self._reading.check("max_text_operators", self._operators)

    def _visit(self, text: str, user: list[float], text_matrix: list[float], _font: Any, size: float) -> None:
        place = fragment(text, user, text_matrix, float(size or 0))
        if text:
            self._found.append(place)
        elif self._found and self._found[-1].text.strip():
            # At the end of a text object the extractor reports where the pen stands: the true right edge.
            self._found[-1] = ended_at(self._found[-1], place)
