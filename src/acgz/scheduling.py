"""Runs blocks side by side, as a crew has room for them, and keeps their order.

A block is given to a thread of its own as soon as there is room for it. Compiled kernels, zstd,
checksums and NumPy let other threads run meanwhile, so blocks share the cores. What comes out,
and in which order, does not depend on how many run at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Generic, Self, TypeVar

from acgz.codec import Job
from acgz.crew import Crew, Started, Task

__all__ = ["Scheduler", "Task", "in_order"]

T = TypeVar("T")


def in_order(tasks: Iterable[Task[T]], job: Job) -> Iterator[T]:
    """Yield the results of the tasks in their order, as many at a time as there is room for.

    ``tasks`` are asked for in this thread, one after the other, and not before there is a thread
    for them; with one thread, each when the result of the one before it has been taken, and its
    work is done in this thread too.

    The first error in the order of the tasks is raised, also if a later one has come before it; one
    of ``tasks`` themselves, when the results before it have been taken. Then, and when the
    iteration is given up, what still runs is told to stop, and not waited for.

    >>> from acgz.codec import Need
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
    """`in_order` for whoever has tasks at hand one by one; a context, which stops what runs.

    Its tasks share the crew of the job with those of others; without one, threads and memory of
    the job are its own.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._crew = job.crew or Crew(job.threads, job.memory)
        self._rank = self._crew.rank()
        self._running: deque[Started] = deque()
        """What has been started and not been taken, in order."""

    def put(self, task: Task[T]) -> Iterator[T]:
        """Start a task as soon as there is room; yield the results that are next, as they come.

        It starts while this is iterated over, and not if that is given up.
        """
        if self._crew.is_alone:
            yield _here(task, self._job)
            return
        while not self._has_started(task):
            yield self._take()
        while self._is_due():
            yield self._take()

    def rest(self) -> Iterator[T]:
        """Yield all results that are left, each as soon as it is there."""
        while self._running:
            with self._crew.changed:
                self._crew.changed.wait_for(self._is_due)
            yield self._take()

    def stop(self) -> None:
        """Tell what still runs that nobody wants it any more; it ends at the next occasion."""
        self._crew.drop(list(self._running))
        self._running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def _is_due(self) -> bool:
        return bool(self._running) and self._running[0].done

    def _may_start(self, task: Task[T]) -> bool:
        return not any(one.error for one in self._running) and self._crew.has_room(
            task.need, self._rank
        )

    def _has_started(self, task: Task[T]) -> bool:
        """Wait until there is room for the task, which then starts, or the next result is there."""
        crew = self._crew
        with crew.changed:
            crew.waiting.add(self._rank)
            try:
                crew.changed.wait_for(lambda: self._may_start(task) or self._is_due())
                may_start = self._may_start(task)
            finally:
                crew.waiting.discard(self._rank)
            if may_start:
                one = Started(task, self._job.progress.part())
                self._running.append(one)
                crew.start(one, self._job)
            crew.changed.notify_all()
        return may_start

    def _take(self) -> T:
        """The next result, which is there; raises what its work has raised."""
        one = self._running.popleft()
        self._job.progress.join(one.progress)
        self._crew.taken(one)
        if one.error is not None:
            raise one.error
        return one.value  # type: ignore[no-any-return]  # what its work returns


def _here(task: Task[T], job: Job) -> T:
    """The result of a task that is done in this thread."""
    part = job.progress.part()
    try:
        return task.do(replace(job, progress=part))
    finally:
        job.progress.join(part)
