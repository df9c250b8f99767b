"""What changes save is reckoned from a trial as the Supporter leaves it."""

from __future__ import annotations

import numpy as np
import pytest

from acgz.nets.deepgeco.mixer import sine
from acgz.nets.deepgeco.trial import saving

NOTHING = np.zeros(40)


def saved(*quarters: float, batches: int = 1000, warm: int = 1000) -> float:
    """Bits that changes save which save so much in each batch of the quarters of a trial."""
    return saving(np.repeat(quarters, 10), NOTHING, batches, warm)


def test_what_is_steady_goes_on_with_the_share_of_the_network() -> None:
    share = [1 - sine(first / 1000) for first in range(40, 1000, 10)]
    assert saved(2, 2, 2, 2) == pytest.approx(80 + 20 * sum(share) / share[0])


def test_what_halves_goes_on_halving() -> None:
    share = [1 - sine(first / 1000) for first in range(40, 1000, 10)]
    parts = [10 * 0.5**n * s / share[0] for n, s in enumerate(share, start=1)]
    assert saved(8, 4, 2, 1) == pytest.approx(150 + sum(parts))


def test_what_grows_goes_on_as_it_is() -> None:
    assert saved(1, 1, 1, 4) < 70 + 960 * 4


def test_what_is_lost_or_over_does_not_go_on() -> None:
    assert saved(4, 4, 4, -1) == pytest.approx(110)
    assert saved(4, 4, -1, 4) == pytest.approx(110)
    assert saved(2, 2, 2, 2, batches=40) == pytest.approx(80)
    assert saved(2, 2, 2, 2, warm=40) == pytest.approx(80)


def test_a_trial_of_three_batches_is_all_there_is() -> None:
    assert saving(np.ones(3), np.zeros(3), 1000, 1000) == 3
