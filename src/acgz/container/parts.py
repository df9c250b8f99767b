"""Parts of files that others may be able to read for themselves, on a disk that they share."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass

from acgz.errors import InputError


class ElsewhereError(InputError):
    """The part cannot be read here, or is another one."""


@dataclass(frozen=True)
class Shared:
    """A regular file that is read from its beginning, as bytes that nobody has unpacked."""

    path: str
    """Absolute."""
    size: int
    mtime: int
    """Nanoseconds."""

    def part(self, offset: int, text: bytes) -> Part:
        """That ``text``, which has been read at ``offset``."""
        return Part(self, offset, len(text), zlib.crc32(text))


@dataclass(frozen=True)
class Part:
    """Where a text is in a file."""

    file: Shared
    offset: int
    size: int
    check: int
    """CRC-32 of the text."""

    def read(self) -> bytes:
        """The text; ElsewhereError if it is not there."""
        try:
            with open(self.file.path, "rb") as stream:
                status = os.fstat(stream.fileno())
                stream.seek(self.offset)
                text = stream.read(self.size)
        except OSError as error:
            raise ElsewhereError(f"cannot read {self.file.path}: {error.strerror}") from error
        known = self.file.size, self.file.mtime, self.check
        if (status.st_size, status.st_mtime_ns, zlib.crc32(text)) != known:
            raise ElsewhereError(f"{self.file.path} is another file here")
        return text
