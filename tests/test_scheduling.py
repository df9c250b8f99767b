"""Tasks side by side: order, room, errors, and who is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from acgz.codec import Job, Need
from acgz.progress import Stopped
from acgz.scheduling import Task, in_order

LONG = 60
"""Seconds that nothing here takes, unless it hangs."""

GIVEN = 0.3
"""Seconds for something to happen that should not."""


class Watched:
    """Tasks that note what runs, and wait until they are let go."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running: set[int] = set()
        self.together: list[set[int]] = []

    def task(self, number: int, need: Need, work: Callable[[], object] = lambda: None) -> Task[int]:
        def do(job: Job) -> int:
            with self.lock:
                self.running.add(number)
                self.together.append(set(self.running))
            try:
                work()
            finally:
                with self.lock:
                    self.running.discard(number)
            return number

        return Task(do, need)


class Endless:
    """Work that goes on until it is told to stop."""

    def __init__(self) -> None:
        self.running = threading.Event()
        self.stopped = threading.Event()

    def __call__(self, job: Job) -> int:
        self.running.set()
        try:
            while not self.stopped.wait(0.01):
                job.progress.reached(0)
        except Stopped:
            self.stopped.set()
        return 0


def meeting(count: int) -> Callable[[], object]:
    """Returns when so many have called it."""
    barrier = threading.Barrier(count)
    return lambda: barrier.wait(LONG)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_results_come_in_order(threads: int) -> None:
    turns = [threading.Event() for _ in range(6)]

    def work(number: int) -> Callable[[Job], int]:
        def do(job: Job) -> int:
            if threads > 1 and number % 2 == 0:  # even ones wait for the one behind them
                assert turns[number + 1].wait(LONG)
            turns[number].set()
            return number

        return do

    tasks = [Task(work(number), Need()) for number in range(6)]
    assert list(in_order(tasks, Job(threads))) == list(range(6))


def test_as_many_run_at_a_time_as_there_are_threads() -> None:
    watched = Watched()
    meet = meeting(3)
    tasks = [watched.task(number, Need(), meet) for number in range(9)]
    assert list(in_order(tasks, Job(3, memory=1))) == list(range(9))
    assert max(map(len, watched.together)) == 3


def test_a_task_of_many_threads_counts_as_many() -> None:
    got = []

    def work(job: Job) -> None:
        got.append(job.threads)

    list(in_order([Task(work, Need(threads=2))], Job(4)))
    list(in_order([Task(work, Need(threads=8))], Job(4)))
    list(in_order([Task(work, Need(alone=True))], Job(4)))
    assert got == [2, 4, 4]


def test_nothing_runs_beside_what_wants_to_be_alone() -> None:
    watched = Watched()
    needs = [Need(), Need(alone=True), Need(), Need(alone=True), Need()]
    tasks = [watched.task(number, need) for number, need in enumerate(needs)]
    assert list(in_order(tasks, Job(4))) == list(range(5))
    assert [others for others in watched.together if others & {1, 3}] == [{1}, {3}]


def test_tasks_share_the_memory_of_the_job() -> None:
    """Each gives others the time to come, but only two fit."""
    watched = Watched()
    crowded = threading.Event()

    def wait() -> None:
        if len(watched.running) > 2:
            crowded.set()
        crowded.wait(GIVEN)

    tasks = [watched.task(number, Need(memory=40), wait) for number in range(4)]
    assert list(in_order(tasks, Job(8, memory=100))) == list(range(4))
    assert max(map(len, watched.together)) == 2


def test_a_task_that_is_too_large_runs_alone() -> None:
    watched = Watched()
    needs = [Need(memory=memory) for memory in (10, 10, 500, 10, 500)]
    tasks = [watched.task(number, need) for number, need in enumerate(needs)]
    assert list(in_order(tasks, Job(4, memory=100))) == list(range(5))
    assert all(len(others) == 1 for others in watched.together if others & {2, 4})


def test_results_that_wait_take_their_memory() -> None:
    """The first is slow, and those behind it may not fill the memory meanwhile."""
    last = threading.Event()
    tasks = [
        Task(lambda job: last.wait(GIVEN), Need(memory=10)),
        *(Task(lambda job: True, Need(memory=30), kept=30) for _ in range(3)),
        Task(lambda job: last.set() or True, Need(memory=30), kept=30),
    ]
    assert list(in_order(tasks, Job(8, memory=100))) == [False, True, True, True, True]


def test_no_more_is_asked_for_than_there_is_room_for() -> None:
    asked = []

    def tasks() -> Iterator[Task[int]]:
        for number in range(100):
            asked.append(number)
            yield Task(lambda job, number=number: number, Need())

    for result in in_order(tasks(), Job(2)):
        assert len(asked) <= result + 6
    asked.clear()
    for result in in_order(tasks(), Job(1)):
        assert len(asked) == result + 1


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_first_error_in_order_is_raised(threads: int) -> None:
    """Even if a later one has come before it; and what is before it comes out."""
    failed = threading.Event()

    def work(number: int) -> Callable[[Job], int]:
        def do(job: Job) -> int:
            if number == 2:
                assert threads == 1 or failed.wait(LONG)
                raise ValueError("two")
            if number == 3:
                failed.set()
                raise KeyError("three")
            return number

        return do

    results = in_order([Task(work(number), Need()) for number in range(9)], Job(threads))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_of_the_tasks_themselves_comes_behind_their_results(threads: int) -> None:
    def tasks() -> Iterator[Task[int]]:
        yield Task(lambda job: 0, Need())
        yield Task(lambda job: 1, Need())
        raise EOFError

    results = in_order(tasks(), Job(threads))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(EOFError):
        next(results)


def test_an_error_does_not_wait_for_what_runs_beside_it() -> None:
    """The others are told to stop."""
    endless = Endless()

    def bad(job: Job) -> int:
        assert endless.running.wait(LONG)
        raise EOFError

    with pytest.raises(EOFError):
        list(in_order([Task(bad, Need()), Task(endless, Need())], Job(2)))
    assert endless.stopped.wait(LONG)


def test_who_gives_up_stops_the_rest() -> None:
    endless = Endless()

    def first(job: Job) -> int:
        assert endless.running.wait(LONG)
        return 7

    results = in_order(iter([Task(first, Need()), Task(endless, Need())]), Job(2))
    assert next(results) == 7
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert endless.stopped.wait(LONG)


def test_progress_is_that_of_all_that_run() -> None:
    job = Job(2)
    meet = meeting(2)
    seen = []

    def work(one: Job) -> None:
        one.progress.start_block(100, 10)
        one.progress.reached(5)
        meet()
        seen.append(job.progress.position)
        meet()
        one.progress.finish_block()

    list(in_order([Task(work, Need()), Task(work, Need())], job))
    assert seen == [100, 100]
    assert job.progress.position == 200
