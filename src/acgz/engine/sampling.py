"""What is looked at where looking at everything would take too long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stretches_of(residues: NDArray[np.uint8], many: int, length: int) -> NDArray[np.uint8]:
    """At most so many stretches of the residues, evenly spread; shape (stretches, length).

    >>> stretches_of(np.arange(10, dtype=np.uint8), 2, 3)
    array([[0, 1, 2],
           [7, 8, 9]], dtype=uint8)
    """
    length = min(length, residues.size)
    many = min(many, residues.size // max(length, 1))
    firsts = (np.arange(many) * (residues.size - length)) // max(many - 1, 1)
    return np.array([residues[at : at + length] for at in firsts], np.uint8)
