"""A piece of a record: a string that knows where it comes from."""

from __future__ import annotations

import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from acgz.complement import complement, is_rna


class Sequence(str):
    """Letters of a record; a `str` in every way, with a place and another strand.

    ``start`` and ``end`` are the positions of the first and the last letter in the record, from 1,
    as in pyfaidx; what is read backwards has ``start > end``. Both are None if letters were left
    out in between, and if there are none.

    >>> piece = Sequence("AACG", name="chr1", start=11)
    >>> piece[1:3], piece[1:3].start, piece[1:3].end
    ('AC', 12, 13)
    >>> -piece, (-piece).region, piece.reverse, piece.complement
    ('CGTT', 'chr1:14-11', 'GCAA', 'TTGC')
    """

    __slots__ = ("comp", "end", "name", "rna", "start")

    name: str
    """Of the record."""
    start: int | None
    end: int | None
    comp: bool
    """It is of the other strand."""
    rna: bool
    """A pairs with U."""

    def __new__(
        cls,
        letters: str,
        name: str = "",
        start: int | None = None,
        end: int | None = None,
        *,
        comp: bool = False,
        rna: bool | None = None,
    ) -> Sequence:
        """``end`` follows from ``start`` if it is left out; ``rna`` from letters U without a T."""
        made = super().__new__(cls, letters)
        made.name = name
        made.start = start if letters else None
        made.end = end if end is not None or made.start is None else made.start + len(letters) - 1
        made.comp = comp
        made.rna = is_rna(bytes(made)) if rna is None else rna
        return made

    @property
    def seq(self) -> str:
        """The letters as a plain string."""
        return str.__str__(self)

    def __bytes__(self) -> bytes:
        """A byte for each letter."""
        return self.encode("ascii", "surrogateescape")

    @property
    def array(self) -> NDArray[np.bytes_]:
        """The letters, shape (n,), dtype S1; ``.view("u1")`` has their codes."""
        return np.frombuffer(bytes(self), "S1")

    def __getitem__(self, key: SupportsIndex | slice) -> Sequence:
        """A letter or a slice, with its place."""
        if not isinstance(key, slice):
            at = range(len(self))[operator.index(key)]
            key = slice(at, at + 1)
        letters = str.__getitem__(self, key)
        chosen = range(len(self))[key]
        start = end = None
        if self.start is not None and self.end is not None and chosen and abs(chosen.step) == 1:
            direction = 1 if self.start <= self.end else -1
            start = self.start + direction * chosen[0]
            end = self.start + direction * chosen[-1]
        return Sequence(letters, self.name, start, end, comp=self.comp, rna=self.rna)

    @property
    def reverse(self) -> Sequence:
        """The letters backwards; not the other strand, which is ``-self``."""
        return self[::-1]

    @property
    def complement(self) -> Sequence:
        """The letters that pair with these, in this order; UsageError for those of a protein."""
        letters = complement(bytes(self), rna=self.rna).decode("ascii", "surrogateescape")
        place = (self.start, self.end)
        return Sequence(letters, self.name, *place, comp=not self.comp, rna=self.rna)

    def __neg__(self) -> Sequence:
        """The other strand, read in its direction."""
        return self.reverse.complement

    @property
    def region(self) -> str:
        """NAME:START-END; only the name where that is not known."""
        return self.name if self.start is None else f"{self.name}:{self.start}-{self.end}"

    @property
    def fancy_name(self) -> str:
        """`region`, and " (complement)" behind that of the other strand, as in pyfaidx."""
        return f"{self.region} (complement)" if self.comp else self.region

    @property
    def orientation(self) -> int | None:
        """1 as in the record, -1 of the other strand read in its direction, as in pyfaidx; None for
        letters without a place, or that are only reversed or only complemented."""
        if self.start is None or self.end is None:
            return None
        backwards = self.start > self.end or (self.start == self.end and self.comp)
        if backwards != self.comp:
            return None
        return -1 if self.comp else 1

    @property
    def gc(self) -> float:
        """Share of G and C among all letters; 0 without any."""
        return sum(map(self.count, "GCgc")) / len(self) if self else 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.seq, self.name, self.start, self.end, self.comp, self.rna)


def _again(
    letters: str, name: str, start: int | None, end: int | None, comp: bool, rna: bool
) -> Sequence:
    """A `Sequence` that has been pickled."""
    return Sequence(letters, name, start, end, comp=comp, rna=rna)
