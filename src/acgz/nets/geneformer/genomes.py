"""Data sets of many genomes: which are for training, which for choosing, and which for a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.errors import InputError
from acgz.layout import split

LEAST = 256
"""Bases that there must be to train on, and to validate on."""


@dataclass(frozen=True)
class DataSet:
    """Residues 0..3 of the records to train on, to validate on, and to test on."""

    training: NDArray[np.uint8]
    validation: NDArray[np.uint8]
    test: NDArray[np.uint8]

    @classmethod
    def of(cls, records: Sequence[NDArray[np.uint8]]) -> DataSet:
        """70, 20 and 10 per cent of the records (section 4.1), dealt out in turn.

        InputError if there are fewer than ten, or too little sequence in a part.
        """
        if len(records) < 10:
            raise InputError(f"training needs ten records or more, not {len(records)}")
        parts: tuple[list[NDArray[np.uint8]], ...] = ([], [], [])
        for number, record in enumerate(records):
            parts[_PART_OF[number % 10]].append(record)
        training, validation, test = (np.concatenate(part) for part in parts)
        if min(training.size, validation.size) < LEAST:
            raise InputError("there are too few bases to train on or to validate on")
        return cls(training, validation, test)


_PART_OF = (0, 0, 0, 1, 0, 0, 2, 0, 1, 0)
"""Of ten records in turn: 7 for training (0), 2 for validation (1), 1 for the test (2)."""


@dataclass(frozen=True)
class DataSets:
    """Several, and what they are called."""

    names: Sequence[str]
    sets: Sequence[DataSet]

    @classmethod
    def read(cls, texts: Iterable[tuple[str, bytes]]) -> DataSets:
        """A data set of the records of each file; InputError as in `DataSet.of`."""
        found = [(name, DataSet.of(residues_of_records(text))) for name, text in texts]
        return cls(*zip(*found, strict=True))

    def __str__(self) -> str:
        sizes = (one.training.size for one in self.sets)
        parts = zip(self.names, sizes, strict=True)
        return "; ".join(f"{name}: {size:,} bases to train on" for name, size in parts)


def residues_of_records(text: bytes) -> list[NDArray[np.uint8]]:
    """A, C, G, T of each record as 0 … 3; records without any are left out.

    >>> [record.tolist() for record in residues_of_records(b">a\\nACca\\n>b\\nNN\\n>c\\nGT")]
    [[0, 1, 1, 0], [2, 3]]
    """
    records = (b"\n" + text).split(b"\n>")
    found = (split(b">" + record).residues for record in records[1:])
    return [residues for residues in found if residues.size]
