"""Decoded texts: the letters of their records by position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.container.records import BLANKS, Part, comments_in, not_blank

_STEP = 1 << 16
"""Bytes between two marks."""
_BYTES_OF_PART = 256
"""About what a part takes in memory."""

_IS_LETTER = np.ones(256, bool)
_IS_LETTER[list(BLANKS)] = False


class _Marks(NamedTuple):
    """What makes the letters of a part quick to find."""

    has_comments: bool
    letters: NDArray[np.int64]
    """Before each _STEP bytes of it."""


class Text:
    """The text of a block, and the records in it."""

    def __init__(
        self, text: bytes, parts: list[Part], headers: Sequence[tuple[int, int]] = ()
    ) -> None:
        """``headers``: record, and where its header begins, for those that have one here."""
        self._text = text
        self._headers = np.array(headers, np.int64).reshape(-1, 2)
        self._parts = parts
        self._records = np.array([part.record for part in parts], np.int64)
        self._marks: dict[int, _Marks] = {}  # made when used; if twice at once, the same twice

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return len(self._text) + _BYTES_OF_PART * len(self._parts) + self._headers.nbytes

    def between(self, start: int, stop: int) -> memoryview:
        """Some of the text itself."""
        return memoryview(self._text)[start:stop]

    def header(self, record: int) -> bytes:
        """The header of a record without the ">"; b"" if it is not here. Of one that goes on in the
        next block, which only those above 1 MiB do, what is here."""
        place = int(np.searchsorted(self._headers[:, 0], record))
        if place == len(self._headers) or self._headers[place, 0] != record:
            return b""
        begin = int(self._headers[place, 1]) + 1
        ends = (self._text.find(end, begin) for end in (b"\n", b"\r"))
        return self._text[begin : min((end for end in ends if end >= 0), default=None)]

    def is_rna(self, record: int) -> bool:
        """True if what is here of a record has U and no T."""
        place = int(np.searchsorted(self._records, record))
        if place == len(self._parts) or self._parts[place].record != record:
            return False
        part = self._parts[place]
        u, t = (
            any(self._text.find(letter, part.begin, part.end) >= 0 for letter in pair)
            for pair in ((b"U", b"u"), (b"T", b"t"))
        )
        return u and not t

    def letters(self, record: int, start: int, stop: int) -> bytes:
        """Letters of what is here of a record, from 0; those outside of it are left out."""
        place = int(np.searchsorted(self._records, record))
        if place == len(self._parts) or self._parts[place].record != record:
            return b""
        part = self._parts[place]
        start, stop = max(start, 0), min(stop, part.letters)
        if start >= stop:
            return b""
        marks = self._marks.get(place)
        if marks is None:
            marks = self._marks[place] = self._marks_of(part)
        if marks.has_comments:
            return self._without_comments(part)[start:stop]
        begin, end = self._find(part, marks, start), self._find(part, marks, stop - 1) + 1
        return self._text[begin:end].translate(None, BLANKS)

    def _find(self, part: Part, marks: _Marks, letter: int) -> int:
        """Where a letter stands in the text."""
        step = int(np.searchsorted(marks.letters, letter, "right")) - 1
        begin = part.begin + step * _STEP
        window = np.frombuffer(self._text, np.uint8, min(_STEP, part.end - begin), begin)
        places = np.flatnonzero(_IS_LETTER[window])
        return begin + int(places[letter - int(marks.letters[step])])

    def _marks_of(self, part: Part) -> _Marks:
        text = self._text
        if next(comments_in(text, part), None) is not None:
            return _Marks(True, np.zeros(0, np.int64))
        counts = [
            not_blank(text, begin, min(begin + _STEP, part.end))
            for begin in range(part.begin, part.end, _STEP)
        ]
        return _Marks(False, np.cumsum([0, *counts[:-1]], dtype=np.int64))

    def _without_comments(self, part: Part) -> bytes:
        kept = []
        at = part.begin
        for begin, end in comments_in(self._text, part):
            kept.append(self._text[at:begin])
            at = end
        kept.append(self._text[at : part.end])
        return b"".join(kept).translate(None, BLANKS)
