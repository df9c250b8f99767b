"""What a codec is, and what it may be told about how to run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from acgz.errors import DamagedError, UsageError

JSON = None | bool | int | float | str | bytes | Sequence["JSON"] | Mapping[str, "JSON"]
"""A setting or a parameter: JSON, and raw bytes for digests."""

MEMORY_LIMIT = 4 << 30
"""Bytes. Room for a block of the default size several times over; a hostile archive stops here."""


@dataclass(frozen=True)
class Work:
    """How to run a codec. Nothing in here changes a byte of the result."""

    threads: int = 1
    progress: NDArray[np.int64] | None = None
    """Shape (1,): kernels write the number of residues done, another thread may read it."""
    memory_limit: int = MEMORY_LIMIT
    """Bytes that decoding one block may use; more is a LimitError."""


class Codec(Protocol):
    """Residues to bytes and back.

    ``name`` is stored in the archive. What a name decodes never changes: a codec that
    needs another stream gets another name.
    """

    name: str

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        """Parameters (what `decode` must know, stored in the block header) and payload.

        ``residues``: shape (n,), values 0..3 = A C G T. Raises UsageError for settings that
        make no sense. Two parameters mean the same in every codec: ``models``, a list of
        SHA-256 digests of the models that decoding needs, and ``reference``, the digest of
        the sequence it needs.
        """
        ...

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        """The ``count`` residues again.

        Trusts nothing: checks the parameters before it allocates, and raises DamagedError
        for those that `encode` cannot have written.
        """
        ...


def reject_unknown_settings(settings: Mapping[str, JSON], known: Collection[str]) -> None:
    """Raise UsageError if there is a setting outside of ``known``."""
    for name in settings:
        if name not in known:
            raise UsageError(
                f"unknown setting {name!r} (known here: {', '.join(sorted(known)) or 'none'})"
            )


def integer_setting(settings: Mapping[str, JSON], name: str, default: int, most: int) -> int:
    """A setting between 1 and ``most``; UsageError otherwise."""
    value = settings.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise UsageError(f"{name} must be a whole number from 1 to {most}, not {value!r}")
    return value


def integer_parameter(parameters: Mapping[str, JSON], name: str, least: int, most: int) -> int:
    """A stored parameter between ``least`` and ``most``; DamagedError otherwise."""
    value = parameters.get(name)
    if type(value) is not int or not least <= value <= most:
        raise DamagedError(f"the codec parameter {name!r} is {value!r}, not {least} to {most}")
    return value
