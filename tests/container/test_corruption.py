"""A damaged archive is an error: never wrong bytes, never an exception of another kind."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

import acgz
from acgz.container.blocks import Recipe
from acgz.container.writer import ArchiveWriter
from acgz.errors import (
    AcgzError,
    DamagedError,
    NotAnArchiveError,
    TruncatedError,
    VersionError,
)
from conftest import fasta


def archive_of_files(*texts: bytes) -> bytes:
    out = io.BytesIO()
    writer = ArchiveWriter(out, Recipe.of("twobit"))
    for number, text in enumerate(texts):
        writer.add(io.BytesIO(text), f"{number}.fa")
    writer.finish()
    return out.getvalue()


TEXT = fasta(60, 25, seed=3).replace(b"ACG", b"aNg")
ARCHIVES = {
    "order0": acgz.compress(TEXT, "order0"),
    "twobit in blocks": acgz.compress(TEXT, "twobit", block=64),
    "no residues": acgz.compress(b">protein\nMKVLAAGIVGL\n"),
    "empty": acgz.compress(b""),
    "several files": archive_of_files(TEXT, TEXT[:40], b"", b"words", b""),
}
TEXTS = {name: acgz.decompress(archive) for name, archive in ARCHIVES.items()}


def list_records(archive: bytes) -> object:
    with acgz.open(io.BytesIO(archive)) as opened:
        return [(record.name, len(record)) for record in opened]


def read_records(archive: bytes) -> object:
    with acgz.open(io.BytesIO(archive)) as opened:
        return [str(record) for record in opened]


READERS: list[Callable[[bytes], object]] = [acgz.decompress, list_records, read_records]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ARCHIVES)
def test_flipping_any_bit_is_noticed(name: str, reader: Callable[[bytes], object]) -> None:
    archive = ARCHIVES[name]
    expected = reader(archive)
    for place in range(len(archive)):
        for mask in (0x01, 0x80):
            damaged = bytearray(archive)
            damaged[place] ^= mask
            try:
                result = reader(bytes(damaged))
            except AcgzError:
                continue
            # Listing and random access do not read all; what they do return must be right.
            assert reader is not acgz.decompress, f"byte {place} may be changed"
            assert result == expected


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ARCHIVES)
def test_cutting_anywhere_is_noticed(name: str, reader: Callable[[bytes], object]) -> None:
    archive = ARCHIVES[name]
    for length in range(1, len(archive)):
        with pytest.raises(TruncatedError):
            reader(archive[:length])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ARCHIVES)
def test_more_behind_the_end_is_noticed(name: str, reader: Callable[[bytes], object]) -> None:
    for more in (b"\0", b"\n", ARCHIVES[name]):
        with pytest.raises(DamagedError):
            reader(ARCHIVES[name] + more)


@pytest.mark.parametrize("data", [b"", b"\n", b">chr1\nACGT\n", b"\x1f\x8b\x08\0", b"\xacGY\1"])
def test_other_files_are_not_archives(data: bytes) -> None:
    for reader in READERS:
        with pytest.raises(NotAnArchiveError):
            reader(data)


def test_a_later_version_is_not_guessed_at() -> None:
    later = bytearray(ARCHIVES["order0"])
    later[3] = 2
    for reader in READERS:
        with pytest.raises(VersionError, match="format version 2"):
            reader(bytes(later))


def test_a_part_in_the_middle_that_is_missing_is_noticed() -> None:
    archive = ARCHIVES["twobit in blocks"]
    for start in range(4, len(archive) - 1, 7):
        for reader in READERS:
            with pytest.raises(AcgzError):
                reader(archive[:start] + archive[start + 5 :])
