"""Secondary estimation: it says nothing before it has seen anything, and learns what it sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.engine import correction
from acgz.engine.correction import PRECISION, Correction
from acgz.kernel import compiles_here, kernel

pytestmark = pytest.mark.skipif(not compiles_here(), reason="vectors exist compiled only")


@kernel
def _look(
    c: Any, kind: Any, recent: Any, probability: Any, frequency: Any, residue: Any, times: Any
) -> None:
    for _ in range(times):
        correction.frequencies(c, kind, recent, probability, frequency)
        correction.learn(c, residue)
    correction.frequencies(c, kind, recent, probability, frequency)


def frequencies(
    c: Correction,
    probability: NDArray[np.float32],
    kind: int = 0,
    recent: int = 0,
    residue: int = 0,
    times: int = 0,
) -> NDArray[np.int64]:
    """After ``residue`` came ``times`` times."""
    frequency = np.zeros(4, np.int64)
    _look(c, kind, recent, probability, frequency, residue, times)
    return frequency


def drawn(seed: int) -> NDArray[np.float32]:
    """Four probabilities, some of them very small."""
    weights = np.exp(np.random.default_rng(seed).uniform(0, 11, 4))
    return (weights / weights.sum()).astype(np.float32)


@pytest.mark.parametrize("seed", range(50))
def test_maps_that_have_seen_nothing_change_no_probability(seed: int) -> None:
    p = drawn(seed)
    found = frequencies(correction.make(), p)
    assert found.sum() == 1 << PRECISION
    assert np.abs(found - p.astype(np.float64) * (1 << PRECISION)).max() < 6


def test_what_comes_more_often_than_said_becomes_likelier_in_its_class_and_place() -> None:
    c, p = correction.make(), np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    before = frequencies(c, p)
    frequencies(c, p, kind=3, recent=77, residue=1, times=200)
    elsewhere = frequencies(c, p, kind=4, recent=78)
    of_class, of_place = frequencies(c, p, kind=3, recent=78), frequencies(c, p, 4, 77)
    both = frequencies(c, p, kind=3, recent=77)
    assert (elsewhere == before).all()
    assert before[1] < min(of_class[1], of_place[1])
    assert max(of_class[1], of_place[1]) < both[1]


def test_a_map_leaves_a_tenth_of_what_never_comes() -> None:
    c, p = correction.make(), np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    found = frequencies(c, p, residue=1, times=100_000)
    least = 0.3 * p + 0.7 * (p / 10) / 1.1  # where a map divides by the sum
    assert (found >= least * (1 << PRECISION) * 0.99).all()
    assert found[1] > 0.6 * (1 << PRECISION)


def test_no_probability_is_too_small_or_not_a_number_afterwards() -> None:
    p = np.array([1, 0, 0, 0], np.float32)
    found = frequencies(correction.make(), p, residue=3, times=50)
    assert found.sum() == 1 << PRECISION
    assert (found >= 1).all()
