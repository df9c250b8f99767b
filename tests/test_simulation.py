"""The simulation of a cluster does what can be computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

import simulate_cluster
from paths import DOCS
from simulate_cluster import Cluster, Load, simulate

IDEAL = Cluster(workers=5, threads=1, decision=0, bandwidth=1e30, spread=0, slow=0, lost_each=1e30)
LOAD = Load("even", genomes=1, block=simulate_cluster.GENOME / 10)


@pytest.fixture(autouse=True)
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour for each of ten blocks."""
    hour = 3600 / (LOAD.block / 1e6)
    monkeypatch.setitem(simulate_cluster.MEASURED, "even", (hour,))
    monkeypatch.setitem(simulate_cluster.MEASURED, "uneven", (hour / 2, hour, 3 * hour))


def test_equal_blocks_keep_equal_workers_busy() -> None:
    out = simulate(IDEAL, LOAD)
    assert (out.hours, out.busy, out.tail) == pytest.approx((2, 1, 1))
    assert simulate(replace(IDEAL, workers=4), LOAD).busy == pytest.approx(10 / 12)


def test_a_genome_as_a_task_is_done_by_one_worker() -> None:
    out = simulate(IDEAL, replace(LOAD, whole=True))
    assert (out.hours, out.busy) == pytest.approx((10, 0.2))


def test_a_slow_scheduler_is_the_limit() -> None:
    out = simulate(replace(IDEAL, workers=100, decision=3600 * 2), LOAD)
    assert out.hours == pytest.approx(10 * 2 + 1)
    assert out.scheduler > 0.9


def test_transfers_take_their_time_and_no_work() -> None:
    slow = replace(IDEAL, bandwidth=LOAD.block * (1 + LOAD.bits / 8) / 3600)
    out = simulate(slow, LOAD)
    assert (out.hours, out.busy) == pytest.approx((4, 0.5))


def test_repeating_helps_against_slow_workers_and_losses_cost() -> None:
    cluster = replace(IDEAL, workers=30, slow=0.2)
    load = replace(LOAD, genomes=9)
    once, again = (simulate(replace(cluster, repeats=repeats), load) for repeats in (False, True))
    assert again.hours < once.hours
    assert simulate(replace(cluster, lost_each=2), load).hours > once.hours


def test_the_same_seed_has_the_same_outcome() -> None:
    cluster, load = replace(IDEAL, spread=0.3), replace(LOAD, mode="uneven", genomes=3)
    assert simulate(cluster, load, 7) == simulate(cluster, load, 7) != simulate(cluster, load, 8)


def test_the_page_has_what_the_tool_prints() -> None:
    assert simulate_cluster.table() in (DOCS / "scale.md").read_text()
