"""A Warm-Start network whose lanes threads share says what it says alone."""

from __future__ import annotations

import numpy as np
import pytest
import tiny

from acgz.nets.deepgeco import warm_start
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.operations import backend
from acgz.nets.workers import Workers


@pytest.mark.parametrize("network", ["gru", "bigru"])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("lanes", [5, 2 * warm_start.LEAST, 131, 200])
def test_threads_change_no_logit(network: str, threads: int, lanes: int) -> None:
    architecture = WarmStartArchitecture(
        network=network, s=2, k=2, embedding=4, hidden=16, dense=8, window=4, stride=2
    )
    arrays = tiny.arrays(architecture)
    tokens = np.random.default_rng(1).integers(0, architecture.grid.kmers, (6, lanes))
    alone = warm_start.make(backend(), architecture, arrays, lanes)
    with Workers(threads) as workers:
        shared = warm_start.make(backend(), architecture, arrays, lanes, workers)
        divided = threads > 1 and lanes >= 2 * warm_start.LEAST
        assert isinstance(shared, warm_start._Shared) == divided
        assert shared.context == alone.context
        assert (shared.logits() == alone.logits()).all()
        for row in tokens:
            alone.advance(row)
            shared.advance(row)
            assert (shared.logits() == alone.logits()).all()
    assert np.ptp(alone.logits(), axis=0).max() > 0


def test_lanes_of_one_part_leave_those_of_another_alone() -> None:
    architecture = WarmStartArchitecture(s=2, k=2, embedding=4, hidden=16, dense=8)
    first = warm_start.Causal(backend(), architecture, tiny.arrays(architecture), 3)
    other = first.for_lanes(3)
    before = other.logits()
    first.advance(np.array([1, 2, 3]))
    assert (other.logits() == before).all()
