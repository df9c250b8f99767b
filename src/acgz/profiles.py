"""What every base of a genome costs: the track of information content that biologists draw.

Low values mark what the sequence, or the prior, has said before: repeats, low complexity,
conserved elements. Reading both ways and taking the minimum shows both copies of a repeat, not
only the second (Dix et al., BMC Bioinformatics 8:S10, 2007).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job
from acgz.errors import UsageError
from acgz.opening import open_to_read
from acgz.progress import Progress
from acgz.settings import JSON

Strands = Literal["forward", "mean", "minimum"]

_CODES = np.full(256, 4, np.uint8)
for _residue, _letters in enumerate((b"Aa", b"Cc", b"Gg", b"TtUu")):
    _CODES[np.frombuffer(_letters, np.uint8)] = _residue


class Read(NamedTuple):
    """The records of a text."""

    names: list[str]
    letters: list[NDArray[np.uint8]]
    """Of each record: (letters,), as they are written."""


class Profile(NamedTuple):
    """A record and what its letters cost."""

    name: str
    bits: NDArray[np.float32]
    """(letters,); NaN for a letter that is no A, C, G, T or U."""

    def windows(self, size: int) -> Iterator[tuple[int, int, float]]:
        """First letter, letter behind the last (from 0), and mean bits a base of every ``size``
        letters; those without a base are left out."""
        for first in range(0, self.bits.size, size):
            part = self.bits[first : first + size]
            known = part[~np.isnan(part)]
            if known.size:
                yield first, first + part.size, float(known.mean(dtype=np.float64))


def profile(
    source: str | os.PathLike[str] | BinaryIO | bytes,
    mode: str = "plus",
    *,
    strands: Strands = "forward",
    progress: Progress | None = None,
    **settings: JSON,
) -> list[Profile]:
    """Bits for every base of the records of a FASTA file or an archive, in their order.

    ``source``: a path or an address, a binary file object, or the text itself. All records are
    read as one sequence, one after the other, in one lane. ``strands``: read as written, or also
    the reverse complement from end to beginning, and then for each base the ``mean`` or
    ``minimum`` of both.
    ``settings``: those of the codec, for example ``prior="none"``.

    Raises UsageError for a mode that is not ``fast``, ``plus`` or ``ultra``, and what
    `acgz.open` raises.

    >>> [one] = profile(b">r\\n" + b"GATTACA" * 30, "fast")
    >>> one.name, one.bits.size, bool(one.bits[:10].mean() > 1.5 > 0.5 > one.bits[-10:].mean())
    ('r', 210, True)
    """
    return of_records(records_of(source), mode, strands=strands, progress=progress, **settings)


def of_records(
    read: Read,
    mode: str,
    *,
    strands: Strands,
    progress: Progress | None = None,
    **settings: JSON,
) -> list[Profile]:
    """`profile` of what has been read."""
    from acgz.container.blocks import Recipe
    from acgz.engine import costs
    from acgz.engine.settings import EngineSettings

    if strands not in ("forward", "mean", "minimum"):
        raise UsageError(f"strands are forward, mean or minimum, not {strands!r:.40}")
    chosen = Recipe.of(mode, settings).settings
    if not isinstance(chosen, EngineSettings):
        raise UsageError(f"profiles are made by fast, plus and ultra, not by {mode}")
    job = Job(progress=progress or Progress())
    names, letters = read
    codes = _CODES[np.concatenate([np.zeros(0, np.uint8), *letters])]
    residues = codes[codes < 4]
    ways = 1 if strands == "forward" else 2
    half = codes.size // ways
    job.progress.start_block(codes.size - half * (ways - 1), residues.size)
    values = costs.bits(residues, chosen, job)
    job.progress.finish_block()
    if ways > 1:
        job.progress.start_block(half, residues.size)
        other = costs.bits((3 - residues)[::-1].copy(), chosen, job)[::-1]
        both = np.stack([values, other])
        job.progress.finish_block()
        values = both.min(axis=0) if strands == "minimum" else both.mean(axis=0, dtype=np.float32)
    every = np.full(codes.size, np.nan, np.float32)
    every[codes < 4] = values
    ends = np.cumsum([one.size for one in letters], dtype=np.int64)[:-1]
    return [Profile(*pair) for pair in zip(names, np.split(every, ends)[: len(names)], strict=True)]


def records_of(source: str | os.PathLike[str] | BinaryIO | bytes) -> Read:
    """The records of a FASTA file or an archive; raises what `profile` raises for it."""
    from acgz import api, references
    from acgz.references import text_of

    if isinstance(source, bytes):
        source = io.BytesIO(source)
    if isinstance(source, str | os.PathLike):
        with open_to_read(source) as file:
            text, is_archive = text_of(file)
        if is_archive:
            references.beside(source)
    else:
        text, is_archive = text_of(source)
    archive = io.BytesIO(text if is_archive else api.compress(text, "twobit"))
    with api.open(archive) as opened:
        records = list(opened)
        letters = [np.frombuffer(bytes(record), np.uint8) for record in records]
    return Read([record.name for record in records], letters)


def is_simple(letters: NDArray[np.uint8], size: int = 64) -> NDArray[np.bool_]:
    """Which letters (n,) lie in a piece of ``size`` letters of low complexity: shape (n,).

    By the score of DUST (Morgulis et al., J. Comput. Biol. 13:1028, 2006): pairs of equal triplets
    over the number of triplets less one, above 2. Pieces with other letters than bases have none.
    """
    codes = _CODES[letters]
    pieces = codes.size // size
    simple = np.zeros(codes.size, bool)
    if not pieces or size < 4:
        return simple
    rows = codes[: pieces * size].reshape(pieces, size).astype(np.int32)
    triplets = rows[:, :-2] * 16 + rows[:, 1:-1] * 4 + rows[:, 2:]
    known = np.max(rows, axis=1) < 4
    triplets = np.where(known[:, None], triplets, 0) + 64 * np.arange(pieces)[:, None]
    counts = np.bincount(triplets.ravel(), minlength=64 * pieces).reshape(pieces, 64)
    score = (counts * (counts - 1) // 2).sum(axis=1) / (size - 3)
    simple[: pieces * size] = np.repeat(known & (score > 2), size)
    return simple
