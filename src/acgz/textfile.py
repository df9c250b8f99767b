"""The text that an archive restores, as a file that can seek."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acgz.archive import Archive


class TextFile(io.RawIOBase):
    """Some bytes of all files of an archive, one behind the other; decoded where they are read."""

    def __init__(self, archive: Archive, within: range) -> None:
        self._archive = archive
        self._within = within
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        self._check_open()
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, which may be behind the end, and return it."""
        self._check_open()
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._within)}
        if whence not in bases:
            raise ValueError(f"there is no way {whence!r} to seek")
        if bases[whence] + offset < 0:
            raise ValueError(f"there is nothing before the beginning, at {bases[whence] + offset}")
        self._at = bases[whence] + offset
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read what is left of a block, as far as there is room; 0 at the end."""
        self._check_open()
        view = memoryview(buffer).cast("B")
        if self._at >= len(self._within) or not len(view):
            return 0
        begin = self._within[self._at]
        contents = self._archive.contents
        block = contents.blocks_between(begin, begin + 1)[0]
        place = contents.text_of(block)
        stop = min(place.stop, self._within.stop, begin + len(view))
        part = self._archive.text(block).between(begin - place.start, stop - place.start)
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")
