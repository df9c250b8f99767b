"""Blocks are bound to their place: elsewhere, whole and intact as they are, they are damage."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import pytest

import acgz
from acgz.container.contents import Contents
from acgz.errors import AcgzError, DamagedError

LINE = 50


def genome(seed: int, lines: int = 12) -> bytes:
    """Lines of 50 bases each: blocks of one size."""
    generator = random.Random(seed)
    return b"".join(bytes(generator.choices(b"ACGT", k=LINE)) + b"\n" for _ in range(lines))


def packed(text: bytes) -> bytes:
    return acgz.compress(text, "twobit", block=LINE + 1)


def spans(archive: bytes) -> list[slice]:
    """Where the blocks are."""
    contents = Contents(io.BytesIO(archive))
    begins = contents._offsets.tolist()
    sizes = contents.index.blocks.size.tolist()
    return [slice(begin, begin + size) for begin, size in zip(begins, sizes, strict=True)]


def random_access(archive: bytes, text: bytes) -> None:
    """Raises DamagedError for every block that is not the right one; fails for wrong bases."""
    errors = 0
    letters = text.replace(b"\n", b"").decode()
    with acgz.open(io.BytesIO(archive)) as opened:
        for start in range(0, len(letters), LINE):
            try:
                assert opened[0][start : start + LINE] == letters[start : start + LINE]
            except DamagedError:
                errors += 1
    if errors:
        raise DamagedError(f"{errors} blocks")


def in_order(archive: bytes, text: bytes) -> None:
    assert acgz.decompress(archive) == text


READERS = [random_access, in_order]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("with_check_before", [False, True])
def test_blocks_that_have_changed_places_are_noticed(
    reader: Callable[[bytes, bytes], None], with_check_before: bool
) -> None:
    text = genome(1)
    archive = packed(text)
    reader(archive, text)
    found = spans(archive)
    assert len({span.stop - span.start for span in found[1:11]}) == 1, "of one size"
    for one in range(1, 9):
        two = one + 2  # neighbours share a check
        changed = bytearray(archive)
        before = 4 * with_check_before
        at, to = (slice(found[n].start - before, found[n].stop) for n in (one, two))
        changed[at], changed[to] = archive[to], archive[at]
        with pytest.raises(DamagedError):
            reader(bytes(changed), text)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("first", [0, 4])
def test_blocks_of_another_archive_are_noticed(
    reader: Callable[[bytes, bytes], None], first: int
) -> None:
    """Also of one that begins with the same text."""
    text, other = genome(1), genome(1, first) + genome(2, 12 - first)
    archive, donor = packed(text), packed(other)
    for at, of in zip(spans(archive), spans(donor), strict=True):
        if archive[at] == donor[of]:
            continue
        with pytest.raises(AcgzError):
            reader(archive[: at.start] + donor[of] + archive[at.stop :], text)


@pytest.mark.parametrize("reader", READERS)
def test_the_index_of_another_archive_is_noticed(reader: Callable[[bytes, bytes], None]) -> None:
    text = genome(1)
    archive, donor = packed(text), packed(genome(2))
    with pytest.raises(DamagedError):
        reader(archive[: spans(archive)[-1].stop] + donor[spans(donor)[-1].stop :], text)


@pytest.mark.parametrize("reader", READERS)
def test_blocks_that_are_missing_or_there_twice_are_noticed(
    reader: Callable[[bytes, bytes], None],
) -> None:
    text = genome(1)
    archive = packed(text)
    for span in spans(archive):
        for changed in (
            archive[: span.start] + archive[span.stop :],
            archive[: span.stop] + archive[span.start :],
        ):
            with pytest.raises(AcgzError):
                reader(changed, text)


def test_a_damaged_block_is_named_with_its_records() -> None:
    text = b"".join(b">r%d\n%s" % (n, genome(n, 3)) for n in range(20))
    archive = bytearray(acgz.compress(text, "twobit", block=400))
    contents = Contents(io.BytesIO(bytes(archive)))
    span = spans(bytes(archive))[1]
    archive[span.start + 40] ^= 1
    with pytest.raises(DamagedError, match=rf"block 1 \(at byte {span.start}\)"):
        acgz.decompress(bytes(archive))
    record = contents.index.name(contents.records_in(1)[-1]).decode()
    with (
        acgz.open(io.BytesIO(bytes(archive))) as opened,
        pytest.raises(DamagedError, match=rf"block 1 \(at byte {span.start:,}, with .*'{record}'"),
    ):
        opened[record][:]
