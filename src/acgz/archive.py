"""Random access: the records of an archive as sequences that are decoded when they are used."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, Self, SupportsIndex, TypeVar, overload

from acgz import references
from acgz.codec import Job
from acgz.container.cache import Cache
from acgz.container.contents import Contents
from acgz.container.source import Places
from acgz.container.texts import Text
from acgz.errors import NotInArchiveError, RecordNotFoundError
from acgz.gathering import gather
from acgz.opening import open_by_place
from acgz.record import Names, Record, Records
from acgz.regions import Region, Resolver
from acgz.remote.address import is_address
from acgz.sequence import Sequence
from acgz.textfile import TextFile

CACHE = 256 << 20
"""Bytes of decoded text that an open archive keeps: a default block of most genomes, or many small
ones. One block is always kept."""


Default = TypeVar("Default")


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
    references: tuple[str, ...]
    """Names that the files of references had that decoding needs; their digests are in
    ``models``."""
    files: tuple[str, ...]
    """Names of the files in it; empty if there is just one, without a name."""

    @property
    def bits_per_base(self) -> float:
        """8 * bytes of the archive / bases; 0 if there are no bases."""
        return 8 * self.size / self.bases if self.bases else 0.0


class Archive:
    """An archive that is open for reading; a context manager.

    ``archive["chr1"]`` is a `Record`, and so is ``archive[0]``; iteration goes over all of them.
    It has the methods of a mapping of names to records. Blocks that were decoded last are kept, as
    many as fit. Threads and forked processes may share it, and decoding lets other threads run; one
    that was opened by its path can be pickled.

    >>> import acgz, io
    >>> file = io.BytesIO(acgz.compress(b">chr1 first\\nACGTAC\\n>chr2\\nTTTTT\\n", "twobit"))
    >>> archive = acgz.open(file)
    >>> list(archive.keys()), archive["chr1"].long_name, archive.get("chr3")
    (['chr1', 'chr2'], 'chr1 first', None)
    >>> archive.region("chr1:2-4"), archive["chr1"][1:4].region
    ('CGT', 'chr1:2-4')
    """

    def __init__(
        self,
        stream: BinaryIO,
        job: Job | None = None,
        *,
        path: str | None = None,
        cache: int = CACHE,
        reference: str | None = None,
    ) -> None:
        """``path``: where ``stream`` has been opened; it is closed in the end. ``cache``: bytes.
        ``reference``: where its reference may be, to be known wherever it is unpickled."""
        self._stream = stream
        self._reference = reference
        self._path = path
        self._job = job or Job()
        self._cache: Cache[Text] = Cache(cache)
        self.contents = Contents(Places(stream), self._job)

    @cached_property
    def records(self) -> Records:
        """All records, in order; the files of an archive of several one after the other."""
        return Records(self, range(self.contents.index.record_count))

    def records_of(self, file: str) -> Records:
        """The records of one of the files; NotInArchiveError if there is none of that name."""
        names = self.contents.names
        if file not in names:
            raise NotInArchiveError(f"there is no file {file!r} in the archive")
        return Records(self, self.contents.records_of(names.index(file)))

    @overload
    def __getitem__(self, key: str | SupportsIndex) -> Record: ...
    @overload
    def __getitem__(self, key: slice) -> Records: ...
    def __getitem__(self, key: str | SupportsIndex | slice) -> Record | Records:
        """The record of a name, the first if several have it, or of a number from 0; or a slice.

        Raises RecordNotFoundError, which is a KeyError and an IndexError too.
        """
        return self.records[key]

    def __contains__(self, name: object) -> bool:
        return name in self.records

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __bool__(self) -> bool:
        """It is open, also without records."""
        return True

    def get(self, name: str, default: Default = None) -> Record | Default:  # type: ignore[assignment]
        """The record of a name, or ``default``."""
        try:
            return self[name]
        except RecordNotFoundError:
            return default

    def keys(self) -> Names:
        """The names of the records in order."""
        return self.records.names

    def values(self) -> Records:
        """All records."""
        return self.records

    def items(self) -> Iterator[tuple[str, Record]]:
        """Names and records in order."""
        return zip(self.keys(), self, strict=True)

    def region(self, text: str) -> Sequence:
        """What `acgz extract` would write for a region such as "chr1:1-1,000", of one record.

        RecordNotFoundError for what is unknown, outside, in several files, or several records.
        """
        found = list(self._resolver.regions(text))
        if len(found) > 1:
            raise RecordNotFoundError(f"{text!r} stands for {len(found):,} records")
        return Record(self, found[0].record)[found[0].start : found[0].stop]

    def regions(self, texts: Iterable[str]) -> Iterator[Sequence]:
        """What the ``texts`` stand for, in order, each block decoded once.

        Patterns may stand for several. RecordNotFoundError before anything is decoded. Blocks are
        decoded by as many threads as the archive was opened with.
        """
        found = [region for text in texts for region in self._resolver.regions(text)]
        parts: dict[int, list[bytes]] = {}
        done = 0
        for number, letters in gather(self.contents, found, self._job):
            for before in range(done, number):
                yield self._piece(found[before], parts.pop(before, []))
            done = number
            parts.setdefault(number, []).append(letters)
        for last in range(done, len(found)):
            yield self._piece(found[last], parts.pop(last, []))

    def open_text(self, file: str | None = None) -> io.BufferedReader:
        """The text of all files, one behind the other, or of one, as a file that can seek.

        It is decoded where it is read, and stays readable as long as the archive is open.
        NotInArchiveError if there is no file of that name.
        """
        if file is None:
            return io.BufferedReader(TextFile(self, range(self.contents.text_size)))
        names = self.contents.names
        if file not in names:
            raise NotInArchiveError(f"there is no file {file!r} in the archive")
        return io.BufferedReader(TextFile(self, self.contents.text_of_file(names.index(file))))

    def seq_records(self) -> Iterator[Any]:
        """All records as `Bio.SeqRecord.SeqRecord` of Biopython, as ``SeqIO.parse`` has them.

        MissingDependencyError without Biopython.
        """
        from acgz.lookalikes import seq_records

        return seq_records(self)

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
            references=tuple(
                name or digest.hex() for digest, name in self.contents.references().items()
            ),
            files=tuple(name for name in self.contents.names if name is not None),
        )

    def letters(self, record: int, start: int, stop: int) -> bytes:
        """The letters ``start`` to ``stop`` (exclusive, both inside) of a record, by its number."""
        found = []
        for block in self.contents.blocks_of(record, start, stop):
            before = self.contents.letters_before(block, record)
            found.append(self.text(block).letters(record, start - before, stop - before))
        return b"".join(found)

    def header(self, record: int) -> bytes:
        """The header of a record, by its number, without the ">"."""
        return self.text(self.contents.block_of_header(record)).header(record)

    def is_rna(self, record: int, at: int) -> bool:
        """True if the block with that letter of a record has U in it, and no T."""
        return self.text(self.contents.blocks_of(record, at, at + 1)[0]).is_rna(record)

    def text(self, block: int) -> Text:
        """A block, decoded or kept."""
        return self._cache.get(block, self.contents.parsed)

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self.contents)

    def _piece(self, region: Region, parts: list[bytes]) -> Sequence:
        letters = b"".join(parts).decode("ascii", "surrogateescape")
        return Sequence(letters, Record(self, region.record).name, region.start + 1)

    @property
    def path(self) -> str | None:
        """Where it was opened, whole; None if it was given as an open file."""
        return self._path

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._stream.closed

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
        job = self._job
        how = job.threads, job.memory_limit, job.memory
        return _reopen, (self._path, how, self._cache.most, self._reference)


def _reopen(path: str, how: tuple[int, int, int], cache: int, reference: str | None) -> Archive:
    """An `Archive` that has been pickled. ``how``: threads, memory limit, memory."""
    threads, memory_limit, memory = how
    if reference is not None:
        references.remember(reference)
    return open_path(path, Job(threads, memory_limit, memory=memory), cache, reference)


def open_path(
    path: str | os.PathLike[str],
    job: Job,
    cache: int = CACHE,
    reference: str | os.PathLike[str] | None = None,
) -> Archive:
    """The archive in a file, here or behind an address; InputError if it cannot be read.

    A ``reference`` is known already; the folder of the archive is from now on.
    """
    stream = open_by_place(path)
    name = os.fspath(path)
    try:
        whole = _whole(name)
        known = None if reference is None else _whole(os.fspath(reference))
        archive = Archive(stream, job, path=whole, cache=cache, reference=known)
        if archive.contents.index.needs:
            references.beside(whole)
        return archive
    except BaseException:
        stream.close()
        raise


def _whole(name: str) -> str:
    """A name that means the same in another folder."""
    return name if is_address(name) else os.path.abspath(name)
