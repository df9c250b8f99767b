"""The records of a FASTA text one by one, for what divides a data set by genomes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.sequence import split


def residues_of_records(text: bytes) -> list[NDArray[np.uint8]]:
    """A, C, G, T of each record as 0 … 3; records without any are left out.

    >>> [record.tolist() for record in residues_of_records(b">a\\nACn\\n>b\\nNN\\n>c\\nGT")]
    [[0, 1], [2, 3]]
    """
    records = (b"\n" + text).split(b"\n>")
    found = (split(b">" + record).residues for record in records[1:])
    return [residues for residues in found if residues.size]
