"""Some blocks of an archive that can be sought in, decoded side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from acgz.codec import Job, Need
from acgz.container.blocks import need_to_decode
from acgz.container.contents import Contents
from acgz.errors import AcgzError, DamagedError
from acgz.scheduling import Task, in_order


def texts_of(
    contents: Contents, numbers: Iterable[int], job: Job
) -> Iterator[tuple[int, bytes | DamagedError]]:
    """Yield each number of a block, in order, and its text or what is wrong with it.

    Other errors than of damage are raised; all say in which block they are.
    """
    return in_order((_task(contents, number) for number in numbers), job)


def each_once(numbers: Iterable[int]) -> Iterator[int]:
    """The numbers without those that repeat the one before.

    >>> list(each_once([0, 1, 1, 1, 4]))
    [0, 1, 4]
    """
    last = None
    for number in numbers:
        if number != last:
            yield number
        last = number


def _task(contents: Contents, number: int) -> Task[tuple[int, bytes | DamagedError]]:
    def decoded(job: Job) -> tuple[int, bytes | DamagedError]:
        try:
            text = contents.text(number, job)
        except DamagedError as error:
            return number, error
        return number, text

    need = Need()
    with suppress(AcgzError):  # `decoded` says what is wrong
        need = need_to_decode(contents.block(number))
    size = int(contents.index.blocks.text_size[number])
    return Task(decoded, need, size, here=True)
