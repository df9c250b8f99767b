"""A zstd frame gets no more memory than the block that it stands in may need."""

from __future__ import annotations

import tracemalloc

import pytest
import zstandard

from acgz.coding import zstd
from acgz.errors import DamagedError


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_what_was_packed_comes_back_within_its_size(size: int) -> None:
    data = bytes(size)
    assert zstd.decompress(zstd.compress(data), size) == data
    if size:
        with pytest.raises(DamagedError, match="larger than"):
            zstd.decompress(zstd.compress(data), size - 1)


@pytest.mark.parametrize("claims", [True, False])
def test_a_frame_of_a_gigabyte_is_refused_before_there_is_room_for_it(claims: bool) -> None:
    packer = zstandard.ZstdCompressor(write_content_size=claims)
    stream = packer.compressobj(size=1 << 30 if claims else -1)
    part = bytes(1 << 24)
    bomb = b"".join(stream.compress(part) for _ in range(64)) + stream.flush()
    assert len(bomb) < 1 << 17
    tracemalloc.start()
    try:
        with pytest.raises(DamagedError, match="larger than"):
            zstd.decompress(bomb, 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 1 << 19
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("extra", [b"", b"\0", zstd.compress(b"more")])
def test_what_is_no_whole_frame_is_damage(extra: bytes) -> None:
    good = zstd.compress(b"ACGT" * 9)
    skipped = b"\x50\x2a\x4d\x18\4\0\0\0ACGT"
    for damaged in (good[:-1], b"x" * 40, b"", skipped, good + extra if extra else good[:3]):
        with pytest.raises(DamagedError):
            zstd.decompress(damaged, 36)


@pytest.mark.parametrize("size", [0, 1, 1000, 100_000])
def test_frames_are_those_of_another_library(size: int) -> None:
    text = (b"It is not the strongest of the species that survives. " * (size // 50 + 1))[:size]
    other = zstandard.ZstdCompressor(level=zstd.LEVEL).compress(text)
    assert zstandard.decompress(zstd.compress(text)) == text
    assert zstd.decompress(other, size) == text


def test_a_window_above_the_limit_is_an_error() -> None:
    settings = zstandard.ZstdCompressionParameters(window_log=24)
    stream = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    far = stream.compress(bytes(1 << 24)) + stream.flush()
    assert zstd.inflater(1 << 24).decompress(far, 10) == bytes(10)
    with pytest.raises(zstd.ZstdError, match="memory"):
        zstd.inflater(1 << 23).decompress(far)
