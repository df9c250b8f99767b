"""Text that is not taken apart: a zstd frame."""

from __future__ import annotations

import zstandard

from acgz.errors import DamagedError

LEVEL = 19
"""Of zstd. The slowest level that needs no more memory to decompress than any other."""

_WINDOW_LOG = 27
"""The farthest match, 128 MiB: what zstd's own command decompresses without being asked to."""

_FAR = 8 << 20  # above the window that LEVEL has by itself, look for far matches too


def deflate(text: bytes) -> bytes:
    """A zstd frame that knows the size of its content."""
    if len(text) > _FAR:
        settings = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, window_log=_WINDOW_LOG, enable_ldm=True
        )
        return zstandard.ZstdCompressor(compression_params=settings).compress(text)
    return zstandard.ZstdCompressor(level=LEVEL).compress(text)


def inflate(frame: bytes, max_size: int) -> bytes:
    """The content of a frame; DamagedError if it is damaged or of more than ``max_size`` bytes."""
    try:
        size = zstandard.get_frame_parameters(frame).content_size
        if size > max_size:  # also when the frame does not say its size
            raise DamagedError("layout: text of an impossible size")
        decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG)
        return decompressor.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DamagedError(f"layout: damaged zstd frame ({error})") from None
