"""Runs blocks side by side, within a number of threads and of bytes, and keeps their order.

A block is given to a thread of its own as soon as there is room for it. Compiled kernels, zstd,
checksums and NumPy let other threads run meanwhile, so blocks share the cores. What comes out,
and in which order, does not depend on how many run at a time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar

from acgz.codec import Job, Need
from acgz.progress import Progress

T = TypeVar("T")

_AHEAD = 2
"""Blocks for each thread whose results nobody has taken: one slow block does not stop the others
at once, and they do not run away from it."""


@dataclass(frozen=True)
class Task(Generic[T]):
    """Something to be done, with what it takes."""

    work: Callable[[Job], T]
    """Called with a job of its own: its threads, its part of the progress."""
    need: Need
    kept: int = 0
    """Bytes of its result, until that is taken."""


def in_order(tasks: Iterable[Task[T]], job: Job) -> Iterator[T]:
    """Yield the results of the tasks in their order, as many at a time as `Job` has room for.

    ``tasks`` are asked for in this thread, one after the other, and not before there is a thread
    for them; with one thread, each when the result of the one before it has been taken, and its
    work is done in this thread too.

    The first error in the order of the tasks is raised, also if a later one has come before it; one
    of ``tasks`` themselves, when the results before it have been taken. Then, and when the
    iteration is given up, what still runs is told to stop, and not waited for.

    >>> squares = (Task(lambda job, n=n: n * n, Need(memory=8)) for n in range(5))
    >>> list(in_order(squares, Job(threads=2)))
    [0, 1, 4, 9, 16]
    """
    with Scheduler[T](job) as scheduler:
        waiting = iter(tasks)
        while True:
            try:
                task = next(waiting)
            except StopIteration:
                break
            except Exception:
                yield from scheduler.rest()
                raise
            yield from scheduler.put(task)
        yield from scheduler.rest()


class Scheduler(Generic[T]):
    """`in_order` for whoever has tasks at hand one by one; a context, which stops what runs."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._changed = threading.Condition()
        self._running: deque[_Running[T]] = deque()
        """What has been started and not been taken, in order."""

    def put(self, task: Task[T]) -> Iterator[T]:
        """Start a task as soon as there is room; yield the results that are next, as they come.

        It starts while this is iterated over, and not if that is given up.
        """
        if self._job.threads == 1:
            yield _here(task, self._job)
            return
        while not self._has_started(task):
            yield self._running.popleft().result()
        while self._is_due():
            yield self._running.popleft().result()

    def rest(self) -> Iterator[T]:
        """Yield all results that are left, each as soon as it is there."""
        while self._running:
            with self._changed:
                self._changed.wait_for(self._is_due)
            yield self._running.popleft().result()

    def stop(self) -> None:
        """Tell what still runs that nobody wants it any more; it ends at the next occasion."""
        with self._changed:
            for one in self._running:
                one.progress.stop()
            self._running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def _is_due(self) -> bool:
        return bool(self._running) and self._running[0].done

    def _has_room(self, task: Task[T]) -> bool:
        """A task that is too large for the job starts when nothing else is there."""
        if not self._running:
            return True
        busy = [one for one in self._running if not one.done]
        if task.need.alone or any(one.task.need.alone for one in busy):
            return False
        memory = sum(one.memory for one in self._running)
        return (
            not any(one.error for one in self._running)
            and len(self._running) < _AHEAD * self._job.threads
            and sum(one.threads for one in busy) < self._job.threads
            and memory + task.need.memory <= self._job.memory
        )

    def _has_started(self, task: Task[T]) -> bool:
        """Wait until there is room for the task, which then starts, or the next result is there."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_room(task) or self._is_due())
            if not self._has_room(task):
                return False
            free = self._job.threads - sum(one.threads for one in self._running if not one.done)
            threads = max(1, free if task.need.alone else min(free, task.need.threads))
            one = _Running(task, threads, self._job.progress.part())
            self._running.append(one)
        job = replace(self._job, threads=threads, progress=one.progress)
        # A daemon: nobody waits at the end of the process for work that is not wanted.
        threading.Thread(target=self._run, args=(one, job), name="acgz block", daemon=True).start()
        return True

    def _run(self, one: _Running[T], job: Job) -> None:
        try:
            one.value = one.task.work(job)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is taken
            one.error = error
        finally:
            self._job.progress.join(one.progress)
            with self._changed:
                one.done = True
                self._changed.notify()


@dataclass
class _Running(Generic[T]):
    """A task that has been started."""

    task: Task[T]
    threads: int
    progress: Progress
    done: bool = False
    value: T | None = None
    error: BaseException | None = None

    @property
    def memory(self) -> int:
        """Bytes that it takes now."""
        return self.task.kept if self.done else self.task.need.memory

    def result(self) -> T:
        """What its work has returned; raises what it has raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # it is done


def _here(task: Task[T], job: Job) -> T:
    """The result of a task that is done in this thread."""
    part = job.progress.part()
    try:
        return task.work(replace(job, progress=part))
    finally:
        job.progress.join(part)
