"""Random access: the records of an archive as sequences that are decoded when they are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import BinaryIO, Self

from acgz.codec import Job
from acgz.container.contents import Contents
from acgz.container.records import RecordPart, Stretch, find_stretches
from acgz.errors import DamagedError, RecordNotFoundError
from acgz.modes import mode_of


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
    """Digests, in hexadecimal, of the models and the reference that decoding needs."""
    files: tuple[str, ...]
    """Names of the files in it; empty if there is just one, without a name."""

    @property
    def bits_per_base(self) -> float:
        """Of the whole archive; 0 if there are no bases."""
        return 8 * self.size / self.bases if self.bases else 0.0


@dataclass(frozen=True)
class Place:
    """Where a part of a record is."""

    block: int
    piece: int
    """Which of the block's pieces; every piece belongs to one file."""
    number: int
    """Which of the piece's records."""
    part: RecordPart


class Record:
    """A sequence in an archive. ``len(record)`` is its letters, ``record[10:20]`` some of them.

    Positions are 0-based and half-open, negative ones count from the end, as in Python.
    """

    def __init__(self, archive: Archive, name: str, file: str | None, places: tuple[Place, ...]):
        self._archive = archive
        self.name = name
        """First word of the header; "" for a sequence without one."""
        self.file = file
        """Name of the file it is in; None in an archive of one file without a name."""
        self.places = places
        self.length = sum(place.part.length for place in places)

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        return f"Record(name={self.name!r}, length={self.length})"

    def __str__(self) -> str:
        """All letters, in their case, without line ends."""
        return self[:]

    def __getitem__(self, key: int | slice) -> str:
        """Letters at a position (IndexError outside) or of a slice; decodes only their blocks."""
        if isinstance(key, int):
            index = range(self.length)[key]
            return self[index : index + 1]
        start, stop, step = key.indices(self.length)
        if step < 0:
            forward = range(start, stop, step)[::-1]
            return self[forward.start : forward.stop : -step][::-1] if forward else ""
        pieces = []
        offset = 0
        for place in self.places:
            first, last = max(start - offset, 0), min(stop - offset, place.part.length)
            if first < last:
                pieces.append(self._archive.letters(place)[first:last])
            offset += place.part.length
        return b"".join(pieces)[::step].decode("utf-8", "surrogateescape")


class Archive:
    """An archive that is open for reading; a context manager.

    ``archive["chr1"]`` is a `Record`, and so is ``archive[0]``; iteration goes over all of them.
    The last block that was decoded is kept, so reading in order decodes every block once.
    """

    def __init__(self, stream: BinaryIO, job: Job | None = None, *, close: bool = False) -> None:
        self._stream = stream
        self._close = close
        self._reader = Contents(stream, job)
        # The last that was used, each with what it is: a block's text, a piece of it, a record.
        self._block: tuple[int, bytes] = (-1, b"")
        self._piece: tuple[int, bytes, list[Stretch]] = (-1, b"", [])
        self._letters: tuple[Place | None, bytes] = (None, b"")

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """All records, in order; the files of an archive of several one after the other."""
        found: list[tuple[str, int, list[Place]]] = []
        in_block = Counter[int]()
        for row in self._reader.rows:
            for number, part in enumerate(row.parts):
                place = Place(row.block, in_block[row.block], number, part)
                file = row.piece.file
                if part.continued and not row.piece.begins and found and found[-1][1] == file:
                    found[-1][2].append(place)
                else:
                    found.append((part.name, file, [place]))
            in_block[row.block] += 1
        names = self._reader.names
        return tuple(Record(self, name, names[file], tuple(at)) for name, file, at in found)

    def __getitem__(self, key: str | int) -> Record:
        """The record of a name, the first if several have it, or of a number from 0.

        Raises RecordNotFoundError.
        """
        try:
            return self.records[key] if isinstance(key, int) else self._by_name[key]
        except (KeyError, IndexError):
            raise RecordNotFoundError(f"there is no record {key!r}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def info(self) -> Info:
        """Sizes and contents. Reads the archive, but decodes no residues."""
        headers = [self._reader.block(number).header for number in range(len(self._reader))]
        coded = [header for header in headers if header.residue_count]
        return Info(
            mode=",".join(dict.fromkeys(mode_of(h.codec, h.parameters) for h in coded)),
            size=self._reader.size,
            text_size=sum(header.text_size for header in headers),
            bases=sum(header.residue_count for header in headers),
            records=len(self.records),
            blocks=len(headers),
            layout_size=sum(header.layout_size for header in headers),
            residues_size=sum(header.residues_size for header in headers),
            models=tuple(dict.fromkeys(need.hex() for h in coded for need in h.needs)),
            files=tuple(name for name in self._reader.names if name is not None),
        )

    def close(self) -> None:
        """Close the file, if `acgz.open` has opened it."""
        if self._close:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def letters(self, place: Place) -> bytes:
        """All letters of one part of a record."""
        if self._letters[0] != place:
            text, stretches = self._read_piece(place.block, place.piece)
            if place.number >= len(stretches):
                raise DamagedError(f"there is no {place.part} in block {place.block}")
            stretch = stretches[place.number]
            letters = stretch.sequence(text)
            if place.part != RecordPart(stretch.name, len(letters), stretch.continued):
                raise DamagedError(f"there is no {place.part} in block {place.block}")
            self._letters = place, letters
        return self._letters[1]

    def _read_piece(self, block: int, number: int) -> tuple[bytes, list[Stretch]]:
        """The text of a piece of a block, and what is found in it."""
        if self._block[0] != block:
            self._block = block, self._reader.text(block)
            self._piece = -1, b"", []
        if self._piece[0] != number:
            text = self._block[1]
            own = self._reader.pieces(block, len(text))[number].of(text)
            self._piece = number, own, find_stretches(own)
        return self._piece[1:]

    @cached_property
    def _by_name(self) -> dict[str, Record]:
        return {record.name: record for record in reversed(self.records)}
