"""Text that no model of acgz is made for: zstd frames."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import (
        CompressionParameter,
        DecompressionParameter,
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
        get_frame_info,
    )
else:
    from backports.zstd import (
        CompressionParameter,
        DecompressionParameter,
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
        get_frame_info,
    )

from acgz.errors import DamagedError

__all__ = ["LEVEL", "WINDOW", "ZstdError", "compress", "decompress", "inflater", "memory"]

LEVEL = 19
"""Of zstd. The slowest level that needs no more memory to decompress than any other."""

WINDOW = 1 << 27
"""Bytes, 128 MiB: the farthest match, and what zstd's own command decompresses unasked."""

_MAGIC = b"\x28\xb5\x2f\xfd"
"""How a frame with content begins; there are others, which are skipped."""

_FAR = 8 << 20  # above the window that LEVEL has by itself, look for far matches too


def compress(text: bytes) -> bytes:
    """A zstd frame that knows the size of its content."""
    settings: dict[int, int] = {CompressionParameter.compression_level: LEVEL}
    if len(text) > _FAR:
        settings[CompressionParameter.window_log] = WINDOW.bit_length() - 1
        settings[CompressionParameter.enable_long_distance_matching] = 1
    return ZstdCompressor(options=settings).compress(text, ZstdCompressor.FLUSH_FRAME)


def memory(most: int) -> int:
    """Bytes that `decompress` takes: the window, which is no larger than the content, the pieces
    that come out of it, and the content.
    """
    return 3 * most + (1 << 20)


def decompress(frame: bytes, most: int) -> bytes:
    """The content of a frame that `compress` has made.

    Takes no more memory than `memory` says, whatever the frame says.

    Raises
    ------
    DamagedError
        When it is damaged, followed by anything, or of more than ``most`` bytes.
    """
    try:
        size = get_frame_info(frame).decompressed_size if frame.startswith(_MAGIC) else None
        if size is None or size > most:
            raise DamagedError("a zstd frame is larger than what it is part of")
        decompressor = inflater(WINDOW)
        content = decompressor.decompress(frame, size + 1)  # one more, to get to its end
    except ZstdError as error:
        raise DamagedError(f"a damaged zstd frame ({error})") from None
    if not decompressor.eof or decompressor.unused_data:
        raise DamagedError("a damaged zstd frame (it does not end where it should)")
    return content


def inflater(window: int) -> ZstdDecompressor:
    """What decompresses one frame, given in pieces, whose window is at most ``window`` bytes.

    ``window`` is a power of two. It raises `ZstdError`.
    """
    return ZstdDecompressor(
        options={DecompressionParameter.window_log_max: window.bit_length() - 1}
    )
