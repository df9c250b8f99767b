"""Random access: the records of an archive as sequences that are decoded when they are used."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, Self, SupportsIndex

from acgz.codec import Job
from acgz.container.cache import Cache
from acgz.container.contents import Contents
from acgz.container.source import Places
from acgz.container.texts import Text
from acgz.errors import InputError, RecordNotFoundError

CACHE = 256 << 20
"""Bytes of decoded text that an open archive keeps: a default block of most genomes, or many small
ones. One block is always kept."""


@dataclass(frozen=True)
class Info:
    """What is known of an archive without decoding its residues."""

    mode: str
    """Mode of its blocks; several, where they differ, with "," between; "" without residues."""
    size: int
    """Bytes of the archive."""
    text_size: int
    """Bytes of the original."""
    bases: int
    """A, C, G and T, upper or lower case."""
    records: int
    blocks: int
    layout_size: int
    """Bytes of headers, line ends, case and all that is not a base."""
    residues_size: int
    """Bytes of the coded bases."""
    models: tuple[str, ...]
    """Digests, in hexadecimal, of the models and the reference that decoding needs: the first 8
    bytes of their SHA-256."""
    files: tuple[str, ...]
    """Names of the files in it; empty if there is just one, without a name."""

    @property
    def bits_per_base(self) -> float:
        """8 * bytes of the archive / bases; 0 if there are no bases."""
        return 8 * self.size / self.bases if self.bases else 0.0


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
        if self.length:
            return self._archive.contents.blocks_of(self.number, 0, self.length)
        return self._archive.contents.blocks_of(self.number, 0, 1)

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        return f"Record(name={self.name!r}, length={self.length})"

    def __str__(self) -> str:
        """All letters, in their case, without line ends."""
        return self[:]

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        """Letters at a position (IndexError outside) or of a slice; decodes only their blocks."""
        if not isinstance(key, slice):
            index = range(self.length)[operator.index(key)]
            return self[index : index + 1]
        start, stop, step = key.indices(self.length)
        if step < 0:
            forward = range(start, stop, step)[::-1]
            return self[forward.start : forward.stop : -step][::-1] if forward else ""
        letters = self._archive.letters(self.number, start, stop)
        # A byte is a letter, also where two of them happen to be one letter of UTF-8.
        return letters[::step].decode("ascii", "surrogateescape")


class Archive:
    """An archive that is open for reading; a context manager.

    ``archive["chr1"]`` is a `Record`, and so is ``archive[0]``; iteration goes over all of them.
    Blocks that were decoded last are kept, as many as fit. Threads and forked processes may share
    it; one that was opened by its path can be pickled.
    """

    def __init__(
        self,
        stream: BinaryIO,
        job: Job | None = None,
        *,
        path: str | None = None,
        cache: int = CACHE,
    ) -> None:
        """``path``: where ``stream`` has been opened; it is closed in the end. ``cache``: bytes."""
        self._stream = stream
        self._path = path
        self._job = job or Job()
        self._cache: Cache[Text] = Cache(cache)
        self.contents = Contents(Places(stream), self._job)

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """All records, in order; the files of an archive of several one after the other."""
        return tuple(Record(self, number) for number in range(len(self)))

    def __getitem__(self, key: str | SupportsIndex) -> Record:
        """The record of a name, the first if several have it, or of a number from 0.

        Raises RecordNotFoundError, which is a KeyError too.
        """
        if isinstance(key, str):
            number = self._number(key)
        else:
            index = operator.index(key)
            number = index + len(self) if index < 0 else index
        if number is None or not 0 <= number < len(self):
            raise RecordNotFoundError(f"there is no record {key!r}")
        return Record(self, number)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._number(name) is not None

    def __iter__(self) -> Iterator[Record]:
        return (Record(self, number) for number in range(len(self)))

    def __len__(self) -> int:
        return self.contents.index.record_count

    @cached_property
    def info(self) -> Info:
        """Sizes and contents, by the index."""
        index = self.contents.index
        return Info(
            mode=",".join(index.modes),
            size=self.contents.size,
            text_size=index.text_size,
            bases=int(index.blocks.residue_count.sum()),
            records=index.record_count,
            blocks=sum(1 for size in index.blocks.text_size if size),
            layout_size=int(index.blocks.layout_size[index.blocks.text_size > 0].sum()),
            residues_size=int(index.blocks.residues_size.sum()),
            models=tuple(digest.hex() for digest in index.needs),
            files=tuple(name for name in self.contents.names if name is not None),
        )

    def letters(self, record: int, start: int, stop: int) -> bytes:
        """The letters ``start`` to ``stop`` (exclusive, both inside) of a record, by its number."""
        found = []
        for block in self.contents.blocks_of(record, start, stop):
            before = self.contents.letters_before(block, record)
            text = self._cache.get(block, self.contents.parsed)
            found.append(text.letters(record, start - before, stop - before))
        return b"".join(found)

    def close(self) -> None:
        """Close the file, if `acgz.open` has opened it."""
        if self._path is not None:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._path is None:
            raise TypeError("only an archive that was opened by its path can be pickled")
        return open_path, (self._path, self._job, self._cache.most)

    def _number(self, name: str) -> int | None:
        """The number of the first record of that name."""
        try:
            return self.contents.index.find(name.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            return None


def open_path(path: str | os.PathLike[str], job: Job, cache: int = CACHE) -> Archive:
    """The archive in a file; InputError if it cannot be read."""
    try:
        stream = open(path, "rb")  # noqa: SIM115 - the archive closes it
    except OSError as error:
        raise InputError(f"cannot read {os.fspath(path)}: {error.strerror}") from error
    try:
        return Archive(stream, job, path=os.path.abspath(path), cache=cache)
    except BaseException:
        stream.close()
        raise
