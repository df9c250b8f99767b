"""What a worker of a cluster does: it codes a block, if it is the same acgz as who asks for it."""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from acgz import identity, references
from acgz.codec import Job
from acgz.errors import AcgzError, InputError, LimitError, VersionError
from acgz.models import store
from acgz.progress import Progress, Stopped

_LOOK = 1.0
"""Seconds between two looks whether the result is still wanted."""


class Terms(NamedTuple):
    """What a worker and who asks have to agree on, and what the one has to tell the other."""

    fingerprint: str
    """Of acgz: see `identity.fingerprint`."""
    memory_limit: int
    files: Mapping[str, str]
    """Paths of files that settings name, and the SHA-256 of each."""
    references: tuple[Any, ...]
    """Where references may be."""
    beside: tuple[Any, ...]
    """Folders of archives, where references may be under their names."""
    models: tuple[Any, ...]
    """Where models may be."""


@dataclass(frozen=True)
class Parcel:
    """Work on its way: it is unpacked where acgz is known to be the same."""

    terms: Terms
    work: bytes

    @classmethod
    def of(cls, work: Any, memory_limit: int, files: Mapping[str, str]) -> Parcel:
        """``work``: called with a `Job`."""
        places = tuple(references._remembered), tuple(references._beside)
        models = tuple(store._remembered)
        terms = Terms(identity.fingerprint(), memory_limit, files, *places, models)
        return cls(terms, pickle.dumps(work, protocol=5))


def hello() -> str:
    """The acgz that is here."""
    return identity.fingerprint()


class Outcome(NamedTuple):
    """The result of some work, or the error that it has ended with.

    Errors go back as values: Dask sends its own with all that they refer to, which may fail, and
    then whoever waits for the result waits for ever.
    """

    value: Any = None
    error: Exception | None = None


def do(parcel: Parcel) -> Outcome:
    """The outcome of the work, done by one thread.

    VersionError if this is another acgz, InputError if a file is not what it is there.
    """
    try:
        return Outcome(_result(parcel))
    except Stopped:
        raise  # nobody waits
    except AcgzError as error:
        return Outcome(error=type(error)(str(error)))
    except MemoryError:
        return Outcome(error=LimitError("a worker has not enough memory"))
    except Exception as error:  # noqa: BLE001 - it is raised where the result is taken
        return Outcome(error=RuntimeError(f"in a worker: {type(error).__name__}: {error}"))


def _result(parcel: Parcel) -> Any:
    terms = parcel.terms
    if hello() != terms.fingerprint:
        raise VersionError(f"a worker has acgz {hello()}, and here is {terms.fingerprint}")
    for path, wanted in terms.files.items():
        _check_file(path, wanted)
    for place in terms.references:
        references.remember(place)
    for folder in terms.beside:
        references.beside(folder / "archive")
    for place in terms.models:
        store.remember(place)
    work = pickle.loads(parcel.work)
    return work(Job(memory_limit=terms.memory_limit, progress=_Wanted()))


class _Wanted(Progress):
    """Stops the work when the cluster has no use for it any more."""

    def __init__(self) -> None:
        from distributed import get_worker

        super().__init__()
        self._worker = get_worker()
        self._key = self._worker.get_current_task()
        self._looked = time.monotonic()

    def reached(self, residues: int) -> None:
        super().reached(residues)
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        task = self._worker.state.tasks.get(self._key)
        if task is None or task.state not in ("executing", "long-running"):
            raise Stopped


def _check_file(path: str, wanted: str) -> None:
    try:
        status = os.stat(path)
        found = digest(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise InputError(f"a worker cannot read {path}: {error.strerror}") from error
    if found != wanted:
        raise InputError(f"a worker has another {path}")


@lru_cache(maxsize=256)
def digest(path: str, size: int, changed: int) -> str:
    """SHA-256 of a file, remembered as long as it does not change."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
