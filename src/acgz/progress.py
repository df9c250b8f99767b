"""How far a job is, for someone who watches from another thread."""

from __future__ import annotations

import numpy as np


class Progress:
    """Counts bytes of text.

    Within a block the codec's kernel reports residues through ``residues``, an int64 array of
    shape (1,).
    """

    def __init__(self) -> None:
        self.residues = np.zeros(1, dtype=np.int64)
        self._finished = 0
        self._text_size = 0
        self._residue_count = 0

    def start_block(self, text_size: int, residue_count: int) -> None:
        self.residues[0] = 0
        self._text_size = text_size
        self._residue_count = residue_count

    def finish_block(self) -> None:
        self._finished += self._text_size
        self._text_size = 0

    @property
    def position(self) -> int:
        """Bytes of text done, the running block in proportion to its residues."""
        share = int(self.residues[0]) / max(1, self._residue_count)
        return self._finished + int(self._text_size * min(1.0, share))
