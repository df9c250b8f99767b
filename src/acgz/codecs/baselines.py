"""The codecs `uniform` and `order0`: how few bits the bases cost without any context."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acgz.codecs import streams
from acgz.codecs.base import (
    JSON,
    Work,
    integer_parameter,
    integer_setting,
    reject_unknown_settings,
)
from acgz.errors import DamagedError
from acgz.predictors.base import PRECISION
from acgz.predictors.baselines import Static, equal_frequencies, fair_frequencies


class _Uniform:
    """Every base has probability 1/4; 2 bits/base."""

    name = "uniform"

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        lanes = _chosen_lanes(residues.size, settings)
        predictor = Static(equal_frequencies(4), lanes)
        return {"lanes": lanes}, streams.encode(residues, predictor, lanes, work.progress)

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        lanes = _stored_lanes(count, parameters)
        predictor = Static(equal_frequencies(4), lanes)
        residues = streams.decode(payload, count, predictor, lanes, work.progress)
        return residues.astype(np.uint8, copy=False)


class _Order0:
    """Every base has the probability of its share in the whole; the shares are stored."""

    name = "order0"

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        lanes = _chosen_lanes(residues.size, settings)
        frequencies = fair_frequencies(np.bincount(residues, minlength=4).tolist())
        payload = streams.encode(residues, Static(frequencies, lanes), lanes, work.progress)
        return {"lanes": lanes, "frequencies": frequencies}, payload

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        lanes = _stored_lanes(count, parameters)
        predictor = Static(_stored_frequencies(parameters), lanes)
        residues = streams.decode(payload, count, predictor, lanes, work.progress)
        return residues.astype(np.uint8, copy=False)


UNIFORM = _Uniform()
ORDER0 = _Order0()


def _chosen_lanes(count: int, settings: Mapping[str, JSON]) -> int:
    reject_unknown_settings(settings, {"lanes"})
    lanes = integer_setting(settings, "lanes", streams.default_lanes(count), streams.MOST_LANES)
    return min(lanes, max(1, count))


def _stored_lanes(count: int, parameters: Mapping[str, JSON]) -> int:
    return integer_parameter(parameters, "lanes", 1, min(streams.MOST_LANES, max(1, count)))


def _stored_frequencies(parameters: Mapping[str, JSON]) -> list[int]:
    stored = parameters.get("frequencies")
    if isinstance(stored, list) and len(stored) == 4:
        frequencies = [value for value in stored if type(value) is int and value >= 1]
        if len(frequencies) == 4 and sum(frequencies) == 1 << PRECISION:
            return frequencies
    raise DamagedError(f"the codec parameter 'frequencies' is {stored!r}")
