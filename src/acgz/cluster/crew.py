"""A crew whose tasks are done by the workers of a Dask cluster."""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from acgz import identity
from acgz.cluster import worker
from acgz.codec import Job, Need
from acgz.container.blocks import Encoding, Recipe
from acgz.container.parts import ElsewhereError
from acgz.crew import AHEAD, Crew, Started
from acgz.errors import AcgzError, InputError, LimitError, MissingDependencyError, VersionError

_PATIENCE = 10.0
"""Seconds to reach a scheduler, or without a word of it."""
_LOOK = 1.0
"""Seconds between two looks at the connection and the workers."""

_ELSEWHERE = 3
"""Texts that workers could not read for themselves before all are sent at once."""


class ClusterCrew(Crew):
    """The workers of a cluster, each thread of which codes a block at a time.

    Texts on their way and results that wait count as memory of this process; what coding takes is
    up to the workers. A worker that dies loses its blocks, which others code anew.
    """

    def __init__(self, client: Any, cluster: Any, memory: int) -> None:
        """``client``: of distributed. ``cluster``: ends with it; None if it is somebody else's."""
        super().__init__(1, memory)
        self._client = client
        self._cluster = cluster
        self._futures: dict[Started, Any] = {}
        self._elsewhere = 0
        """Texts that a worker could not read for itself."""
        self._closed = threading.Event()
        self._check_workers()
        self._count()
        threading.Thread(target=self._watch, name="acgz cluster", daemon=True).start()

    @property
    def is_alone(self) -> bool:
        return False

    @property
    def dashboard(self) -> str:
        """The address of the page that shows what the cluster does."""
        return str(self._client.dashboard_link)

    def has_room(self, need: Need, rank: int) -> bool:
        if any(other < rank for other in self.waiting):
            return False
        room = len(self._started) < AHEAD * self.threads and self._memory() <= self.memory
        return not self._busy() or room

    def start(self, one: Started, job: Job) -> None:
        self._started.append(one)
        self._hand_over(one, dataclasses.replace(job, threads=1, progress=one.progress))

    def drop(self, ones: list[Started]) -> None:
        super().drop(ones)
        futures = [self._futures.pop(one) for one in ones if one in self._futures]
        if futures and self._client.status == "running":
            self._client.cancel(futures, force=True)

    def close(self) -> None:
        self._closed.set()
        for open_one in filter(None, (self._client, self._cluster)):
            open_one.close(timeout=_PATIENCE)

    def _memory(self) -> int:
        return sum(one.task.kept for one in self._started) + sum(self._files.values())

    def _hand_over(self, one: Started, job: Job) -> None:
        if one.task.here:
            super()._hand_over(one, job)
        elif one.task.short is not None and self._elsewhere < _ELSEWHERE:
            self._send(one, one.task.short(), job)
        else:
            self._send(one, one.task.work, job)

    def _send(self, one: Started, work: Any, job: Job) -> None:
        """Have a worker do it."""
        try:
            parcel = _parcel(work, job)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a block is large
                future = self._client.submit(worker.do, parcel, pure=False)
        except Exception as error:  # noqa: BLE001 - it is raised again where it is taken
            one.error = _as_ours(error)
            self._finished(one)
            return
        self._futures[one] = future
        future.add_done_callback(lambda future: self._came(one, future, job))

    def _came(self, one: Started, future: Any, job: Job) -> None:
        """A result is there, or never will be; called in a thread of the client."""
        with self.changed:
            if one.done:
                return
        try:
            outcome = future.result(timeout=None)
            if outcome.error is not None:
                raise outcome.error
            one.value = outcome.value
            if one.task.then is not None:
                one.task.then(one.value)
            _count_text(one)
        except ElsewhereError as error:
            self._elsewhere += 1
            if not one.unwanted:
                self._send(one, one.task.work, job)
                return
            one.error = error
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is taken
            one.error = _as_ours(error)
        self._futures.pop(one, None)
        self._finished(one)

    def _check_workers(self) -> None:
        """VersionError if a worker is another acgz; those that come later are asked as well."""
        said = self._client.run(worker.hello, on_error="return")
        for address, answer in said.items():
            if isinstance(answer, Exception):
                raise VersionError(f"the worker {address} has no acgz that could help: {answer}")
            if answer != identity.fingerprint():
                here = identity.fingerprint()
                raise VersionError(f"the worker {address} has acgz {answer}, and here is {here}")

    @property
    def has_workers(self) -> bool:
        """False as long as none has come: then nothing happens until one does."""
        return bool(self._client.nthreads())

    def _count(self) -> None:
        """See how many threads the cluster has; some may have come or gone."""
        threads = max(1, sum(self._client.nthreads().values()))
        with self.changed:
            if threads != self.threads:
                self.threads = threads
                self.changed.notify_all()

    def _watch(self) -> None:
        """Look after the connection until the end; without it, nothing will ever be done."""
        heard = time.monotonic()
        while not self._closed.wait(_LOOK):
            try:
                if self._client.status == "running":
                    self._count()
                    heard = time.monotonic()
            except Exception:  # noqa: BLE001 - whatever it is: there is no connection
                pass
            if time.monotonic() - heard > _PATIENCE and not self._closed.is_set():
                self._give_up()

    def _give_up(self) -> None:
        with self.changed:
            lost = [one for one in self._started if not one.done]
            for one in lost:
                one.error = InputError("the connection to the cluster is lost")
        for one in lost:
            self._finished(one)


def connect(address: str, workers: int, memory: int, *, dashboard: bool) -> ClusterCrew:
    """A crew of the cluster at ``address``: tcp://…, a scheduler file, or "local".

    ``workers``: processes of a local one. ``memory``: bytes of blocks that this process holds.
    ``dashboard``: a local one has a page, too. Raises MissingDependencyError, InputError if there
    is no scheduler, VersionError if a worker has another acgz.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise MissingDependencyError(
            "this needs Dask, which is not installed: pip install 'acgz[cluster]'"
        ) from None
    logging.disable()  # what Dask would tell comes here as an error
    cluster = None
    try:
        if address == "local":
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=":0" if dashboard else None,
                silence_logs=logging.CRITICAL,
            )
            client = distributed.Client(cluster, timeout=_PATIENCE)
        elif os.path.isfile(address):
            client = distributed.Client(scheduler_file=address, timeout=_PATIENCE)
        else:
            client = distributed.Client(address, timeout=_PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"there is no cluster at {address}: {error}") from error
    try:
        return ClusterCrew(client, cluster, memory)
    except BaseException:
        client.close()
        if cluster is not None:
            cluster.close()
        raise


def _parcel(work: Any, job: Job) -> worker.Parcel:
    files: Mapping[str, str] = {}
    if isinstance(work, Encoding):
        recipe, files = _from_anywhere(work.recipe)
        work = dataclasses.replace(work, recipe=recipe)
    return worker.Parcel.of(work, job.memory_limit, files)


def _from_anywhere(recipe: Recipe) -> tuple[Recipe, Mapping[str, str]]:
    """A recipe that names its files by whole paths, and the SHA-256 of these files."""
    settings = recipe.settings
    paths = {path: os.path.abspath(path) for path in settings.files()}
    changes = {
        field.name: paths[value]
        for field in dataclasses.fields(settings)
        if isinstance(value := getattr(settings, field.name), str) and value in paths
    }
    files = {}
    for path in paths.values():
        status = os.stat(path)
        files[path] = worker.digest(path, status.st_size, status.st_mtime_ns)
    changed = dataclasses.replace(settings, **changes) if changes else settings
    return dataclasses.replace(recipe, settings=changed), files


def _count_text(one: Started) -> None:
    """A block is done: of work that is done elsewhere, the progress says no more than that."""
    one.progress.start_block(one.task.text_size, 0)
    one.progress.finish_block()


def _as_ours(error: BaseException) -> BaseException:
    """An error of Dask as one of acgz."""
    if isinstance(error, AcgzError):
        return error
    name = type(error).__name__
    if name == "KilledWorker":
        return LimitError(
            "a block has ended one worker after the other: there has to be memory for one in each "
            "thread of a worker"
        )
    if name in ("CancelledError", "FutureCancelledError", "CommClosedError", "TimeoutError"):
        return InputError("the connection to the cluster is lost")
    return error
