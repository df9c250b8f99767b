"""Records of an archive: one, and all of it or of a file in order."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator
from collections.abc import Sequence as AbstractSequence
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from acgz.errors import RecordNotFoundError
from acgz.sequence import Sequence

if TYPE_CHECKING:
    from acgz.archive import Archive

_STEP = 1 << 16
"""Letters that iteration takes at once."""


class Record:
    """A sequence in an archive. ``len(record)`` is its letters, ``record[10:20]`` some of them.

    Positions are 0-based and half-open, negative ones count from the end, as in Python.
    """

    __slots__ = ("_archive", "number")

    def __init__(self, archive: Archive, number: int) -> None:
        self._archive = archive
        self.number = number
        """Which of the archive's records, from 0."""

    @property
    def name(self) -> str:
        """First word of the header; "" for a sequence without one."""
        return self._archive.contents.index.name(self.number).decode("utf-8", "surrogateescape")

    @property
    def long_name(self) -> str:
        """The whole header without the ">"; decodes the block that it is in."""
        return self._archive.header(self.number).decode("utf-8", "surrogateescape")

    @property
    def file(self) -> str | None:
        """Name of the file it is in; None in an archive of one file without a name."""
        return self._archive.contents.file_of(self.number).name

    @property
    def length(self) -> int:
        """Letters of sequence, without line ends, blanks and comments."""
        return self._archive.contents.index.length(self.number)

    @property
    def blocks(self) -> range:
        """Numbers of the blocks that hold its letters; of none, the one it is found in."""
        return self._archive.contents.blocks_of(self.number, 0, max(1, self.length))

    def __len__(self) -> int:
        return self.length

    def __bool__(self) -> bool:
        """It is there, also without letters."""
        return True

    def __repr__(self) -> str:
        return f"Record(name={self.name!r}, length={self.length})"

    def __str__(self) -> str:
        """All letters, in their case, without line ends."""
        return bytes(self).decode("ascii", "surrogateescape")

    def __bytes__(self) -> bytes:
        """A byte for each letter."""
        return self._archive.letters(self.number, 0, self.length)

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        """The letters, shape (n,), dtype S1; ``np.asarray(record).view("u1")`` has their codes."""
        letters = np.frombuffer(bytes(self), "S1")
        return letters.astype(dtype or "S1", copy=bool(copy))

    def __iter__(self) -> Iterator[str]:
        """All letters, one after the other."""
        length = self.length
        for start in range(0, length, _STEP):
            letters = self._archive.letters(self.number, start, min(length, start + _STEP))
            yield from letters.decode("ascii", "surrogateescape")

    def __contains__(self, letters: object) -> bool:
        """True if these stand somewhere in it side by side, in this case; TypeError if they are no
        str or bytes."""
        if not isinstance(letters, str | bytes):
            raise TypeError(f"a record contains letters, not {type(letters).__name__}")
        try:
            wanted = (
                letters.encode("ascii", "surrogateescape") if isinstance(letters, str) else letters
            )
        except UnicodeEncodeError:
            return False
        length = self.length
        for start in range(0, length, _STEP):
            stop = min(length, start + _STEP + max(0, len(wanted) - 1))
            if wanted in self._archive.letters(self.number, start, stop):
                return True
        return not wanted

    def __getitem__(self, key: SupportsIndex | slice) -> Sequence:
        """Letters at a position (IndexError outside) or of a slice; decodes only their blocks."""
        if not isinstance(key, slice):
            at = range(self.length)[operator.index(key)]
            return self[at : at + 1]
        chosen = range(self.length)[key]
        if not chosen:
            return Sequence("", self.name)
        low, high = min(chosen[0], chosen[-1]), max(chosen[0], chosen[-1]) + 1
        letters = self._archive.letters(self.number, low, high).decode("ascii", "surrogateescape")
        rna = self._archive.is_rna(self.number, low)
        return Sequence(letters, self.name, low + 1, rna=rna)[:: chosen.step]

    def __neg__(self) -> Sequence:
        """The other strand of all of it."""
        return -self[:]


class Records(AbstractSequence[Record]):
    """Records that follow each other, such as all of an archive, or of one of its files.

    ``records[3]`` and ``records["chr1"]`` are a `Record`, ``records[2:5]`` are records again.
    """

    def __init__(self, archive: Archive, numbers: range) -> None:
        self._archive = archive
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Record]:
        return (Record(self._archive, number) for number in self._numbers)

    def __contains__(self, key: object) -> bool:
        """True for the name of one of them, and for one of them itself."""
        if isinstance(key, Record):
            return key._archive is self._archive and key.number in self._numbers
        return isinstance(key, str) and self.has(key)

    def has(self, name: str) -> bool:
        """True if one of them has that name."""
        return self._find(name) is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Records):
            return NotImplemented
        return self._archive is other._archive and self._numbers == other._numbers

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} records>"

    @property
    def names(self) -> Names:
        """The names in order."""
        return Names(self)

    @overload
    def __getitem__(self, key: str | SupportsIndex) -> Record: ...
    @overload
    def __getitem__(self, key: slice) -> Records: ...
    def __getitem__(self, key: str | SupportsIndex | slice) -> Record | Records:
        """The first record of that name, that of a number, or those of a slice.

        Raises RecordNotFoundError, which is a KeyError and an IndexError too.
        """
        if isinstance(key, slice):
            return Records(self._archive, self._numbers[key])
        if isinstance(key, str):
            number = self._find(key)
        else:
            at = operator.index(key)
            inside = -len(self) <= at < len(self)
            number = self._numbers[at] if inside else None
        if number is None:
            raise RecordNotFoundError(f"there is no record {key!r}")
        return Record(self._archive, number)

    def iterate_names(self) -> Iterator[str]:
        """The names in order; of a million some thousands are in memory."""
        if self._numbers.step != 1:
            return (record.name for record in self)
        pieces = self._archive.contents.index.between(self._numbers.start, self._numbers.stop)
        return (name.decode("utf-8", "surrogateescape") for rows in pieces for name in rows.names)

    def _find(self, name: str) -> int | None:
        try:
            encoded = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None
        numbers = self._numbers if self._numbers.step > 0 else self._numbers[::-1]
        return self._archive.contents.index.find(encoded, numbers)


class Names(Collection[str]):
    """The names of some records, in order."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[str]:
        return self._records.iterate_names()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._records.has(name)

    def __repr__(self) -> str:
        return f"<{len(self):,} names>"
