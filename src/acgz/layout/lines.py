"""Where the lines of a text begin and end, and which of them are sequence.

Every ``\\n``, ``\\r\\n`` and lone ``\\r`` ends a line. A line that begins with ``>`` (header) or
``;`` (comment) is a *text line*; all others are *sequence lines*. The sequence lines before the
first text line, between two, and after the last are a *group*: a text with n text lines has n + 1
groups, some of them empty.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import kernel

LF, CRLF, CR = range(3)
"""Kinds of line ends."""

LINE_ENDS = (b"\n", b"\r\n", b"\r")


class Lines(NamedTuple):
    """The lines of a text, in order; all arrays have shape (lines,)."""

    begins: NDArray[np.int64]
    """Offset of the first byte."""
    stops: NDArray[np.int64]
    """Offset after the last byte, where the line end is."""
    ends: NDArray[np.uint8]
    """Kind of line end. That of an unterminated last line is the kind before it, or LF."""
    is_text: NDArray[np.bool_]
    unterminated: bool
    """The text does not end with a line end."""

    @property
    def groups(self) -> NDArray[np.int64]:
        """Shape (text lines + 2,): text line before each group, -1 before the first; at last n."""
        borders = np.flatnonzero(self.is_text)
        return np.concatenate([[-1], borders, [self.is_text.size]]).astype(np.int64)


def count_line_ends(text: bytes) -> int:
    """An upper bound of the number of line ends (``\\r\\n`` counts twice), found quickly."""
    return text.count(b"\n") + text.count(b"\r")


def find_lines(text: bytes) -> Lines:
    """The lines of a text of at least one byte."""
    letters = np.frombuffer(text, dtype=np.uint8)
    room = count_line_ends(text) + 1
    begins = np.empty(room, dtype=np.int64)
    stops = np.empty(room, dtype=np.int64)
    ends = np.empty(room, dtype=np.uint8)
    count = int(_find(letters, begins, stops, ends))
    unterminated = int(stops[count - 1]) == letters.size
    if unterminated:
        ends[count - 1] = ends[count - 2] if count > 1 else LF
    begins, stops, ends = begins[:count], stops[:count], ends[:count]
    first = letters[np.minimum(begins, letters.size - 1)]
    is_text = ((first == ord(">")) | (first == ord(";"))) & (stops > begins)
    return Lines(begins, stops, ends, is_text, unterminated)


@kernel
def _find(letters, begins, stops, ends):
    """Find the lines; return how many there are."""
    count = 0
    begin = 0
    for at in range(letters.size):
        if letters[at] <= 13:  # one test for nearly all letters
            if letters[at] == 10 and at > 0 and letters[at - 1] == 13:
                ends[count - 1] = CRLF
                begin = at + 1
            elif letters[at] == 10 or letters[at] == 13:
                begins[count] = begin
                stops[count] = at
                ends[count] = LF if letters[at] == 10 else CR
                count += 1
                begin = at + 1
    if begin < letters.size:
        begins[count] = begin
        stops[count] = letters.size
        count += 1
    return count
