"""Exactness costs next to nothing: against ordinary float32, under 0.1 % of the size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from deepgeco_models import small_numbers
from float_operations import Float32
from numpy.typing import NDArray

from acgz.codec import Job
from acgz.layout import split
from acgz.nets.deepgeco import cold_start
from acgz.nets.deepgeco.operations import OnNumPy
from acgz.settings import JSON
from paths import PHAGE

Measure = Callable[[type[OnNumPy], dict[str, JSON]], float]


@pytest.fixture
def total(monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Bits for 12,000 bases of a phage, with the package's network and a small Supporter."""
    monkeypatch.setattr("acgz.nets.deepgeco.codec.NUMBERS", small_numbers(16, 8, 256))
    residues: NDArray[np.uint8] = split(PHAGE.read_bytes()).residues[:12_000]

    def measure(operations: type[OnNumPy], settings: dict[str, JSON]) -> float:
        monkeypatch.setattr("acgz.nets.deepgeco.codec.backend", lambda name: operations())
        return float(cold_start.curve(residues, {"lanes": 40, **settings}, Job()).sum())

    return measure


@pytest.mark.parametrize(
    "settings",
    [
        {"level": "mini"},
        {"level": "plus", "warm_start": "none", "context": 8},
        {"level": "plus", "context": 8},
    ],
    ids=["Warm-Start", "Supporter", "both"],
)
def test_exact_arithmetic_costs_less_than_a_thousandth(
    total: Measure, settings: dict[str, JSON]
) -> None:
    exact, ordinary = total(OnNumPy, settings), total(Float32, settings)
    assert exact != ordinary
    assert exact < 1.001 * ordinary
