"""Threads that share the work of a network, and its memory."""

from __future__ import annotations

import platform
import subprocess
import sys
import threading

import pytest
from threadpoolctl import threadpool_info

from acgz.nets.workers import MOST, Workers


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_results_have_the_order_of_the_items_and_work_is_done_at_once() -> None:
    together = threading.Barrier(2)

    def work(item: int) -> int:
        together.wait(timeout=60)  # fails unless two are at work
        return item * item

    with Workers(2) as workers:
        assert workers.map(work, range(6)) == [0, 1, 4, 9, 16, 25]
    assert Workers().map(abs, [-2, 1]) == [2, 1]


def test_blas_computes_where_it_is_called_and_only_meanwhile() -> None:
    before = blas_threads()
    with Workers(2):
        assert blas_threads() == {1}
    assert blas_threads() == before


@pytest.mark.parametrize("lanes", [1, 7, 8, 15, 16, 17, 64, 1001])
@pytest.mark.parametrize("threads", [1, 2, 3, 100])
def test_parts_are_all_lanes_once_and_nearly_equal(lanes: int, threads: int) -> None:
    parts = Workers(threads).divide(lanes)
    assert [lane for part in parts for lane in range(lanes)[part]] == list(range(lanes))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert len(parts) <= min(threads, MOST)


def test_an_error_ends_what_waits() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        raise ValueError(str(item))

    def over_all() -> None:
        with Workers(2) as workers:
            workers.map(work, range(100_000))

    with pytest.raises(ValueError, match="0"):
        over_all()
    assert len(begun) < 100_000


STEPS = """
import resource
import sys
import numpy as np
from acgz.nets.codec import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for step in range(20):
    blocks = [np.ones(1 << 20, np.float32) for _ in range(6)]
    del blocks
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other mallocs have other rules")
def test_memory_that_steps_give_back_is_not_taken_page_by_page_again() -> None:
    def faults(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", STEPS, how], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert faults("kept") < 0.3 * faults("not kept")
