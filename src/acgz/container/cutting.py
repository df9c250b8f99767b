"""Cuts an input of any length into the texts of its blocks, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

LONGEST_HEADER = 1 << 20
"""Bytes. A header line is not cut, even if the block is shorter; beyond this length, it is."""

_PIECE = 64 << 20
"""Bytes asked for at once: a stream makes room for them, and a block may be larger than memory."""


class Stream(Protocol):
    """What is read here, such as a binary file."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


class Rejoined:
    """A stream of which the beginning has been read already."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self._stream.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data

    def readline(self, size: int, /) -> bytes:
        end = self._head.find(b"\n", 0, size) + 1 or min(size, len(self._head))
        line, self._head = self._head[:end], self._head[end:]
        if len(line) == size or line.endswith(b"\n"):
            return line
        return line + self._stream.readline(size - len(line))


def cut_texts(stream: Stream, size: int, before: bytes = b"") -> Iterator[tuple[bytes, bool]]:
    """Yield (text, last) with texts of about ``size`` bytes: at most, but for a long header.

    ``before``: less than ``size`` bytes that go before the stream.

    A text ends at a line end where one is near (in its second half), so that blocks begin with
    whole lines. Files of very long lines are cut inside a line of sequence, never inside a
    header. ``last`` is True if the text is known to be the last one: it is shorter than ``size``.
    """
    text = before
    at_line_start = True
    while True:
        text += read_up_to(stream, size - len(text))
        if len(text) < size:
            if text:
                yield text, True
            return
        cut = _cut(text, at_line_start)
        if cut == 0:
            text += stream.readline(LONGEST_HEADER)
            cut = len(text)
        yield text[:cut], False
        at_line_start = text[cut - 1 : cut] in (b"\n", b"\r")
        text = text[cut:]


def _cut(text: bytes, at_line_start: bool) -> int:
    """Where to cut a full ``text``; 0 if all of it is the beginning of a header line."""
    line = text.rfind(b"\n" if b"\n" in text else b"\r") + 1
    in_header = text[line : line + 1] == b">" and (line > 0 or at_line_start)
    if in_header or line > len(text) // 2:
        return line
    # The next text must not look like a header, so it begins with the last letter but ">".
    last_letter = len(text.rstrip(b">")) - 1
    return last_letter if last_letter > 2 else len(text)  # and never inside of a BOM


def read_up_to(stream: Stream, count: int) -> bytes:
    """``count`` bytes, fewer only at the end of the stream."""
    pieces = []
    while count > 0:
        piece = stream.read(min(count, _PIECE))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
