"""Zstd frames in archives, read within a bound of the reader's own."""

from __future__ import annotations

import zstandard

from acgz.errors import DamagedError

LEVEL = 19


def packed(data: bytes) -> bytes:
    """One zstd frame, which states its size."""
    return zstandard.compress(data, LEVEL)


def unpacked(frame: bytes, most: int, what: str) -> bytes:
    """The content of one zstd frame, at most ``most`` bytes.

    The frame's own word about its size is checked before anything is allocated. DamagedError,
    which names ``what`` it holds, for anything that `packed` cannot have made.
    """
    try:
        if not 0 <= zstandard.frame_content_size(frame) <= most:
            raise DamagedError(f"{what}: the size is not what the block allows")
        return zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DamagedError(f"{what}: {error}") from error
