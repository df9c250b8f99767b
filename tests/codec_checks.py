"""What the tests of several codecs do: make residues, and compress them there and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Codec, Coded, Job, decode, encode


def residues(count: int, seed: int = 1) -> NDArray[np.uint8]:
    """Bases without any order."""
    return np.random.default_rng(seed).integers(0, 4, count).astype(np.uint8)


def orderly(count: int, seed: int = 1) -> NDArray[np.uint8]:
    """Bases of which most follow from the one before."""
    moves = np.random.default_rng(seed).choice(4, count, p=[0.1, 0.6, 0.2, 0.1])
    return (np.cumsum(moves) % 4).astype(np.uint8)


def round_trip(
    codec: Codec, original: NDArray[np.uint8], settings: Mapping[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """Parameters and payload; fails if the residues do not come back."""
    parameters, payload = encode(codec, original, settings, Job())
    restored = decode(codec, Coded(parameters, payload), original.size, Job())
    assert restored.dtype == np.uint8
    assert restored.tolist() == original.tolist()
    return dict(parameters), payload
