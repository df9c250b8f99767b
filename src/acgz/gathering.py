"""The letters of many regions: each block is decoded once, side by side, whatever their order."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Self

from acgz.codec import Job
from acgz.complement import reverse_complement
from acgz.container.blocks import need_to_decode
from acgz.container.contents import Contents
from acgz.container.texts import Text
from acgz.errors import AcgzError, UsageError
from acgz.regions import Region
from acgz.scheduling import Task, in_order

_IN_MEMORY = 256 << 20
"""Bytes of letters that wait for their turn in memory; more of them wait in a temporary file."""


def gather(contents: Contents, regions: Sequence[Region], job: Job) -> Iterator[tuple[int, bytes]]:
    """Yield (number of the region, letters) in the order of the ``regions``.

    The letters of a region come in one part for each block that has some of them. Blocks are
    decoded in the order in which they are first needed, as many at a time as the job allows. What
    a block has for later regions is put aside, so none is decoded twice. Raises what reading a
    block raises, and UsageError for the other strand of a protein.
    """
    parts: list[tuple[int, int]] = []  # region, block; in the order in which they are yielded
    uses: dict[int, list[int]] = defaultdict(list)
    for number, region in enumerate(regions):
        blocks = contents.blocks_of(region.record, region.start, region.stop)
        for block in reversed(blocks) if region.reverse else blocks:
            uses[block].append(len(parts))
            parts.append((number, block))
    with _Aside() as aside:
        due = 0
        tasks = (_task(contents, block) for block in uses)
        for block, text in in_order(tasks, job):
            for part in uses[block]:
                number = parts[part][0]
                letters = _letters(contents, text, block, regions[number])
                if part == due:
                    yield number, letters
                    due += 1
                else:
                    aside.put(part, letters)
            while due in aside:
                yield parts[due][0], aside.take(due)
                due += 1


def _task(contents: Contents, number: int) -> Task[tuple[int, Text]]:
    def decoded(job: Job) -> tuple[int, Text]:
        return number, contents.parsed(number, job)

    try:
        block = contents.block(number)
    except AcgzError as error:
        raise type(error)(f"{contents.place(number)}: {error}") from error
    return Task(decoded, need_to_decode(block), 2 * block.head.text_size, here=True)


def _letters(contents: Contents, text: Text, block: int, region: Region) -> bytes:
    before = contents.letters_before(block, region.record)
    letters = text.letters(region.record, region.start - before, region.stop - before)
    if not region.reverse:
        return letters
    try:
        return reverse_complement(letters, rna=text.is_rna(region.record))
    except UsageError as error:
        raise UsageError(f"{region.header}: {error}") from None


class _Aside:
    """Parts that come before their turn, in memory or in a temporary file; a context."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed below
        self._places: dict[int, tuple[int, int]] = {}
        self._end = 0

    def __contains__(self, part: int) -> bool:
        return part in self._places

    def put(self, part: int, letters: bytes) -> None:
        self._file.seek(self._end)
        self._file.write(letters)
        self._places[part] = self._end, len(letters)
        self._end += len(letters)

    def take(self, part: int) -> bytes:
        begin, size = self._places.pop(part)
        if not self._places:  # begin anew, so that the file does not grow for ever
            self._end = 0
        self._file.seek(begin)
        return self._file.read(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()
