"""Which part of a block's text belongs to which file: files may share a block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acgz.container.format import FileStart
from acgz.errors import DamagedError


@dataclass(frozen=True)
class Piece:
    """The part ``text[start:end]`` of a block that belongs to one file."""

    file: int
    """Number of the file in the archive, from 0."""
    start: int
    end: int
    begins: bool
    """True: this is the beginning of the file."""

    def of(self, text: bytes) -> bytes:
        return text if len(text) == self.end - self.start else text[self.start : self.end]


def pieces_of(text_size: int, starts: Sequence[FileStart], files_before: int) -> list[Piece]:
    """The pieces of a text in which the files ``starts`` begin, and ``files_before`` before it.

    DamagedError if that cannot be.
    """
    bounds = [*(start.offset for start in starts), text_size]
    if bounds != sorted(bounds):
        raise DamagedError("a file begins outside of its block")
    pieces = []
    if bounds[0] > 0:
        if files_before == 0:
            raise DamagedError("the archive has text before its first file")
        pieces.append(Piece(files_before - 1, 0, bounds[0], begins=False))
    for number, start in enumerate(starts):
        end = bounds[number + 1]
        pieces.append(Piece(files_before + number, start.offset, end, begins=True))
    return pieces
