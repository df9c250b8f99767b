"""Text that no model of acgz is made for: zstd frames."""

from __future__ import annotations

import zstandard

from acgz.errors import DamagedError

LEVEL = 19
"""Of zstd. The slowest level that needs no more memory to decompress than any other."""

WINDOW = 1 << 27
"""Bytes, 128 MiB: the farthest match, and what zstd's own command decompresses unasked."""

_FAR = 8 << 20  # above the window that LEVEL has by itself, look for far matches too


def compress(text: bytes) -> bytes:
    """A zstd frame that knows the size of its content."""
    if len(text) > _FAR:
        settings = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, window_log=WINDOW.bit_length() - 1, enable_ldm=True
        )
        return zstandard.ZstdCompressor(compression_params=settings).compress(text)
    return zstandard.ZstdCompressor(level=LEVEL).compress(text)


def memory(most: int) -> int:
    """Bytes that `decompress` takes: a frame's window is no larger than its content."""
    return 2 * most + (1 << 20)


def decompress(frame: bytes, most: int) -> bytes:
    """The content of a frame that `compress` has made.

    Takes no more memory than `memory` says, whatever the frame says.

    Raises
    ------
    DamagedError
        When it is damaged, followed by anything, or of more than ``most`` bytes.
    """
    try:
        size = zstandard.get_frame_parameters(frame).content_size
        if size > most:  # also when the frame does not say its size
            raise DamagedError("a zstd frame is larger than what it is part of")
        decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW)
        return decompressor.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DamagedError(f"a damaged zstd frame ({error})") from None
