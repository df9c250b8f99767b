"""Archives with the methods that users of pyfaidx, pysam and Biopython know."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Self, SupportsIndex

from acgz.archive import CACHE, Archive, open_path
from acgz.codec import Job
from acgz.errors import MissingDependencyError, RecordNotFoundError
from acgz.record import Record, Records
from acgz.sequence import Sequence

_File = str | os.PathLike[str] | BinaryIO


class _Opened:
    """Something made of an open archive, which it closes; a context manager."""

    def __init__(self, file: _File | Archive, threads: int = 1, cache: int = CACHE) -> None:
        job = Job(threads=threads)
        if isinstance(file, Archive):
            self.archive = file
        elif isinstance(file, str | os.PathLike):
            self.archive = open_path(file, job, cache)
        else:
            self.archive = Archive(file, job, cache=cache)

    @property
    def filename(self) -> str | None:
        """Path of the archive; None if it was given as an open file."""
        return self.archive.path

    @property
    def closed(self) -> bool:
        """Whether the file has been closed."""
        return self.archive.closed

    def __contains__(self, name: object) -> bool:
        return name in self.archive

    def close(self) -> None:
        """Close the file, if it was opened here."""
        self.archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class Fasta(_Opened):
    """What `pyfaidx.Fasta` is for FASTA, for an archive; intervals are 1-based and closed.

    Two things differ: pieces are a `Sequence`, which is a `str`, and an unknown name is a
    RecordNotFoundError, which is a KeyError.

    >>> import acgz, io
    >>> genome = Fasta(io.BytesIO(acgz.compress(b">chr1\\nAACGT\\n>chr2\\nTT\\n", "twobit")))
    >>> genome.get_seq("chr1", 2, 4), genome.get_seq("chr1", 2, 4, rc=True), len(genome)
    ('ACG', 'CGT', 7)
    """

    @property
    def records(self) -> dict[str, Record]:
        """Names and records in order."""
        return dict(self.items())

    def __getitem__(self, key: str | SupportsIndex) -> Record:
        """The record of a name or a number; RecordNotFoundError."""
        return self.archive[key]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.archive)

    def __len__(self) -> int:
        """The letters of all records, as in pyfaidx."""
        return sum(int(rows.lengths.sum()) for rows in self.archive.contents.index)

    def keys(self) -> list[str]:
        """The names in order."""
        return list(self.archive.keys())

    def values(self) -> Records:
        """The records in order."""
        return self.archive.records

    def items(self) -> Iterator[tuple[str, Record]]:
        """Names and records in order."""
        return self.archive.items()

    def get_seq(self, name: str, start: int, end: int, rc: bool = False) -> Sequence:
        """The letters from ``start`` to ``end``, counted from 1, both included; what is behind the
        end is left out. ``rc``: their other strand."""
        if start < 1:
            raise RecordNotFoundError(f"positions count from 1: {name}:{start}-{end}")
        found = self.archive[name][start - 1 : max(end, 0)]
        return -found if rc else found

    fetch = get_seq

    def get_spliced_seq(
        self, name: str, intervals: Iterable[tuple[int, int]], rc: bool = False
    ) -> Sequence:
        """`get_seq` of several intervals, in one piece; ``rc``: the other strand of that."""
        joined = Sequence("".join(self.get_seq(name, start, end) for start, end in intervals), name)
        return -joined if rc else joined


class FastaFile(_Opened):
    """What `pysam.FastaFile` is for FASTA, for an archive; intervals are 0-based and half-open.

    >>> import acgz, io
    >>> genome = FastaFile(io.BytesIO(acgz.compress(b">chr1\\nAACGT\\n>chr2\\nTT\\n", "twobit")))
    >>> genome.references, genome.lengths, genome.fetch("chr1", 1, 3)
    (('chr1', 'chr2'), (5, 2), 'AC')
    """

    def is_open(self) -> bool:
        """Whether the file is open."""
        return not self.closed

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the records."""
        return tuple(self.archive.keys())

    @property
    def lengths(self) -> tuple[int, ...]:
        """Letters of the records."""
        return tuple(n for rows in self.archive.contents.index for n in rows.lengths.tolist())

    @property
    def nreferences(self) -> int:
        """How many records there are."""
        return len(self.archive)

    def __len__(self) -> int:
        return self.nreferences

    def __getitem__(self, reference: str) -> str:
        """All letters of a record."""
        return str(self.archive[reference])

    def get_reference_length(self, reference: str) -> int:
        """Letters of a record; RecordNotFoundError, which is a KeyError."""
        return self.archive[reference].length

    def fetch(
        self,
        reference: str | None = None,
        start: int | None = None,
        end: int | None = None,
        region: str | None = None,
    ) -> str:
        """The letters ``start`` to ``end`` (0-based, exclusive), or those of a ``region`` as
        samtools writes it. What is behind the end is left out.

        ValueError for an interval below 0 or backwards, or if neither is given.
        """
        if region is not None:
            return self.archive.region(region).seq
        if reference is None:
            raise ValueError("a reference or a region is needed")
        begin = 0 if start is None else start
        record = self.archive[reference]
        stop = record.length if end is None else end
        if begin < 0 or stop < 0 or (begin > stop and end is not None):
            raise ValueError(f"no letters are from {begin} to {stop}")
        return record[begin:stop].seq


def seq_records(archive: Archive) -> Iterator[Any]:
    """Every record as a `Bio.SeqRecord.SeqRecord`, with the header as its description.

    MissingDependencyError without Biopython.
    """
    try:
        from Bio.Seq import Seq
        from Bio.SeqRecord import SeqRecord
    except ImportError:
        raise MissingDependencyError("Biopython is needed: pip install biopython") from None
    return (
        SeqRecord(
            Seq(bytes(record)), id=record.name, name=record.name, description=record.long_name
        )
        for record in archive
    )
