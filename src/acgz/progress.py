"""How far a job is, for someone who watches from another thread."""

from __future__ import annotations

import threading

import numpy as np


class Stopped(Exception):  # noqa: N818 - no error: nobody is told
    """The work goes no further, because nobody wants its result any more."""


class Progress:
    """Counts bytes of text, of a block or of all the `part`s that it is made of.

    Within a block the codec's kernel reports residues through ``residues``, an int64 array of
    shape (1,).
    """

    def __init__(self) -> None:
        self.residues = np.zeros(1, dtype=np.int64)
        self._lock = threading.Lock()
        self._parts: list[Progress] = []
        self._finished = 0
        self._text_size = 0
        self._residue_count = 0
        self._stopped = False

    def part(self) -> Progress:
        """The progress of something that belongs to this; it counts here until `join`, and then
        as finished."""
        part = Progress()
        with self._lock:
            self._parts.append(part)
        return part

    def join(self, part: Progress) -> None:
        """A `part` of this goes no further."""
        with self._lock:
            self._parts.remove(part)
            self._finished += part.position

    def start_block(self, text_size: int, residue_count: int) -> None:
        """A block of so many bytes begins."""
        self.residues[0] = 0
        self._text_size = text_size
        self._residue_count = residue_count

    def finish_block(self) -> None:
        """The block that was started is complete."""
        with self._lock:
            self._finished += self._text_size
            self._text_size = 0

    def stop(self) -> None:
        """From now on `check` raises `Stopped`."""
        self._stopped = True

    def check(self) -> None:
        """Stopped if nobody wants what is being made."""
        if self._stopped:
            raise Stopped

    @property
    def position(self) -> int:
        """Bytes of text done, running blocks in proportion to their residues."""
        with self._lock:
            share = int(self.residues[0]) / max(1, self._residue_count)
            own = self._finished + int(self._text_size * min(1.0, share))
            return own + sum(part.position for part in self._parts)
