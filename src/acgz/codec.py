"""What a codec is, and what it may be told about how to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from acgz.coding.predictor import MOST_LANES
from acgz.errors import DamagedError, LimitError
from acgz.machine import memory_for_blocks
from acgz.progress import Progress
from acgz.settings import JSON, Settings, shown

if TYPE_CHECKING:
    from acgz.crew import Crew

MEMORY_LIMIT = 4 << 30
"""Bytes. Room for a block of the default size several times over; a hostile archive stops here."""


@dataclass(frozen=True)
class Job:
    """How to run. Nothing in here changes a byte of the result."""

    threads: int = 1
    memory_limit: int = MEMORY_LIMIT
    """Bytes that decoding one block may use; more is a LimitError."""
    progress: Progress = field(default_factory=Progress)
    memory: int = field(default_factory=memory_for_blocks)
    """Bytes that blocks take which run side by side; one that needs more runs alone."""
    crew: Crew | None = None
    """Who codes the blocks, if that is shared with other jobs: its threads and memory count."""


class Need(NamedTuple):
    """What it takes to code a block."""

    threads: int = 1
    """As many can be of use."""
    memory: int = 0
    """About how many bytes at most."""
    alone: bool = False
    """Nothing should run beside it."""


class Coded(NamedTuple):
    """Residues as an archive stores them."""

    parameters: Mapping[str, JSON]
    """What decoding must know; stored in the head of the block."""
    payload: bytes


class Codec(Protocol):
    """Residues to bytes and back.

    ``name`` is stored in the archive. What a name decodes never changes: a codec that
    needs another stream gets another name.
    """

    name: str
    settings: type[Settings]
    """What a user may choose."""

    def encode(self, residues: NDArray[np.uint8], settings: Any, job: Job) -> Coded:
        """``residues``: shape (n,), values 0..3 = A C G T. ``settings``: of the class above.

        The parameter ``models``, a list of SHA-256 digests of the models that decoding needs,
        means the same in every codec. Raises UsageError for settings that do not suit the input.
        """
        ...

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        """The ``count`` residues again.

        Trusts nothing: checks the parameters before it allocates, and raises DamagedError
        for those that `encode` cannot have written.
        """
        ...

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        """About how many bytes `decode` uses beside payload and residues.

        `decode` of this module compares all three with the limit of the job. Raises
        DamagedError for parameters that `encode` cannot have written.
        """
        ...


@runtime_checkable
class SideBySide(Protocol):
    """What a `Codec` has if its blocks can be coded side by side, each in a thread of its own.

    The blocks of another one are coded one after the other, with all threads.
    """

    def need_to_encode(self, settings: Any, count: int) -> Need:
        """What `Codec.encode` takes for ``count`` residues beside them and the payload."""
        ...

    def need_to_decode(self, parameters: Mapping[str, JSON], count: int) -> Need:
        """What `Codec.decode` takes beside payload and residues; may raise DamagedError."""
        ...


def need_to_encode(codec: Codec, settings: Settings, count: int) -> Need:
    """What `Codec.encode` takes for ``count`` residues beside them and the payload."""
    if isinstance(codec, SideBySide):
        return codec.need_to_encode(settings, count)
    return Need(alone=True)


def need_to_decode(codec: Codec, parameters: Mapping[str, JSON], count: int) -> Need:
    """What `Codec.decode` takes beside payload and residues; may raise DamagedError."""
    if isinstance(codec, SideBySide):
        return codec.need_to_decode(parameters, count)
    return Need(memory=codec.memory(parameters, count), alone=True)


def encode(
    codec: Codec, residues: NDArray[np.uint8], given: Mapping[str, Any], job: Job | None = None
) -> Coded:
    """`Codec.encode` with the settings that a user has ``given``; raises UsageError."""
    return codec.encode(residues, codec.settings.of(given, codec.name), job or Job())


def decode(codec: Codec, coded: Coded, count: int, job: Job | None = None) -> NDArray[np.uint8]:
    """`Codec.decode` within the memory limit of the job; raises LimitError, DamagedError."""
    job = job or Job()
    allow(needed(codec, coded, count), job)
    return codec.decode(coded, count, job)


def needed(codec: Codec, coded: Coded, count: int) -> int:
    """Bytes that a reader counts for a block: the codec's, ``count`` residues and the payload."""
    return codec.memory(coded.parameters, count) + count + len(coded.payload)


def allow(size: int, job: Job) -> None:
    """LimitError if that many bytes are above the memory limit of the job."""
    if size > job.memory_limit:
        raise LimitError(
            f"a block needs {size:,} bytes of memory (or is damaged); "
            f"{job.memory_limit:,} are allowed: raise the memory limit if you trust the file"
        )


def integer_parameter(parameters: Mapping[str, JSON], name: str, least: int, most: int) -> int:
    """A stored parameter between ``least`` and ``most``; DamagedError otherwise."""
    value = parameters.get(name)
    if type(value) is not int or not least <= value <= most:
        raise DamagedError(f"the codec parameter {name!r} is {shown(value)}, not {least} to {most}")
    return value


def stored_lanes(parameters: Mapping[str, JSON], symbols: int, most: int = MOST_LANES) -> int:
    """The stored parameter ``lanes``; DamagedError for more of them than ``most`` or symbols."""
    return integer_parameter(parameters, "lanes", 1, min(most, max(1, symbols)))
