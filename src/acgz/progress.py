"""How far a job is, for someone who watches from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Stopped(Exception):  # noqa: N818 - no error: nobody is told
    """The work goes no further, because nobody wants its result any more."""


class Progress:
    """Counts bytes of text, of a block or of all the `part`s that it is made of.

    Within a block a codec says now and then how many residues it has `reached`.
    """

    def __init__(self) -> None:
        self.residues = 0
        """Of the running block, how many are done."""
        self._lock = threading.Lock()
        self._parts: list[Progress] = []
        self._finished = 0
        self._text_size = 0
        self._residue_count = 0
        self._stopped = False
        self.stored = 0
        """Bytes of the archive that have been written or read."""
        self.on_block: Callable[[int, int], None] | None = None
        """Is called with what `passed` is."""

    def part(self) -> Progress:
        """The progress of something that belongs to this; it counts here until `join`, and then
        as finished."""
        part = Progress()
        with self._lock:
            part._stopped = self._stopped
            self._parts.append(part)
        return part

    def join(self, part: Progress) -> None:
        """A `part` of this goes no further."""
        with self._lock:
            self._parts.remove(part)
            self._finished += part.position

    def start_block(self, text_size: int, residue_count: int) -> None:
        """A block of so many bytes begins."""
        self.residues = 0
        self._text_size = text_size
        self._residue_count = residue_count

    def reached(self, residues: int) -> None:
        """So many residues of the block are done. Raises `Stopped` if nobody wants the others."""
        self.residues = residues
        if self._stopped:
            raise Stopped

    def finish_block(self) -> None:
        """The block that was started is complete."""
        with self._lock:
            self._finished += self._text_size
            self._text_size = 0

    def passed(self, text_size: int, stored_size: int) -> None:
        """A block has been written, or read and checked, in its turn: bytes of text, of archive."""
        self.stored += stored_size
        if self.on_block is not None:
            self.on_block(text_size, stored_size)

    def stop(self) -> None:
        """From now on `reached` raises `Stopped`, of this and of its parts."""
        with self._lock:
            self._stopped = True
            for part in self._parts:
                part.stop()

    @property
    def position(self) -> int:
        """Bytes of text done, running blocks in proportion to their residues."""
        with self._lock:
            share = self.residues / max(1, self._residue_count)
            own = self._finished + int(self._text_size * min(1.0, share))
            return own + sum(part.position for part in self._parts)
