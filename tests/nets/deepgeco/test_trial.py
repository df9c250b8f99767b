"""What changes save is reckoned from a trial as the Supporter leaves it."""

from __future__ import annotations

import numpy as np
import pytest

from acgz.nets.deepgeco.trial import saving

NOTHING = np.zeros(40)


def saved(*quarters: float, batches: int = 1000, warm: int = 1000) -> float:
    """Bits that changes save which save so much in each batch of the quarters of a trial."""
    return saving(np.repeat(quarters, 10), NOTHING, batches, warm)


def test_what_fades_goes_on_as_it_fades() -> None:
    """What a Supporter leaves falls as 1/t."""
    fading = 3.0 / (1.0 + np.arange(1000) / 10)
    found = saving(fading[:300], np.zeros(300), 1000, 10**9)
    assert found == pytest.approx(float(fading.sum()), rel=0.02)
    assert saving(fading[:300], np.zeros(300), 1000, 1000) < found


def test_what_is_steady_is_not_trusted_to_last() -> None:
    assert 80 < saved(2, 2, 2, 2) < 80 + 960 * 2 / 4


def test_what_comes_late_does_not_count_for_less() -> None:
    assert saved(1, 1, 1, 4) > saved(1, 1, 1, 1)


def test_what_is_lost_or_over_does_not_go_on() -> None:
    assert saved(4, 4, 1, -1) == pytest.approx(80)
    assert saved(4, 4, -1, -1) == pytest.approx(60)
    assert saved(2, 2, 2, 2, batches=40) == pytest.approx(80)
    assert saved(2, 2, 2, 2, warm=40) == pytest.approx(80)


def test_a_trial_of_three_batches_is_all_there_is() -> None:
    assert saving(np.ones(3), np.zeros(3), 1000, 1000) == 3
