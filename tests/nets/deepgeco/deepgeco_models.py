"""Tiny Warm-Start networks and Supporters for tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import tiny
from network_archives import Line, Task

from acgz.codec import encode
from acgz.modes import Mode
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.numbers import NUMBERS, Numbers


def tiny_architecture(network: str = "gru", s: int = 3, k: int = 3, **sizes: Any) -> Any:
    small = {"embedding": 4, "hidden": 8, "dense": 8, "window": 8, "stride": 4}
    return WarmStartArchitecture(network=network, s=s, k=k, **{**small, **sizes})


def tiny_model(folder: Path, network: str = "gru", s: int = 3, k: int = 3, **sizes: Any) -> Path:
    """A network with a few random weights; the file."""
    return tiny.model(folder, tiny_architecture(network, s, k, **sizes), f"{network}-{s}-{k}")


def small_numbers(embedding: int = 8, heads: int = 4, ffn: int = 64) -> Numbers:
    """The usual ones, with a Supporter of that size."""
    return replace(NUMBERS, shape=replace(NUMBERS.shape, embedding=embedding, heads=heads, ffn=ffn))


def quick_settings(mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """See `codec_checks.quick_settings`: a small Supporter as well."""
    if mode.settings["level"] == "ultra":
        pytest.importorskip("torch", reason="fine-tuning needs PyTorch")
    monkeypatch.setattr("acgz.nets.deepgeco.codec.NUMBERS", small_numbers())
    monkeypatch.setattr("acgz.nets.deepgeco.settings.SHORTEST_LANE", 4)
    return {"model": str(tiny_model(folder)), "context": 4, "least": 0, "lanes": 3}


ARCHIVED = 1500
"""Bases that `archives` compresses."""


def archives(task: Task) -> Iterator[Line]:
    """The network of the package and a small Supporter."""
    from acgz.nets.deepgeco import codec as deepgeco
    from acgz.nets.deepgeco import settings as deepgeco_settings
    from acgz.nets.deepgeco import warm_start

    common = {"ts": 50, "least": 0, "context": 8, "lanes": 23} | task.common
    for level in ("mini", "plus"):
        with (
            patch.object(deepgeco_settings, "SHORTEST_LANE", 16),
            patch.object(warm_start, "LEAST", 8),  # two threads share the lanes
            patch.object(deepgeco, "NUMBERS", small_numbers(embedding=16, heads=8, ffn=320)),
        ):
            parameters, payload = encode(
                deepgeco.CODEC, task.residues, {"level": level} | common, task.work
            )
        yield level, parameters["lanes"], payload


PINNED = """\
mini 23 373 3c9a37ef7bfd4d1dd955194889ce0947ad160b5f0da16f95bed8cba3ed46e8f5
plus 23 375 0e16f221ab9d5dac06df58b94277cf40a7bdb9194a5317c8b22548782cb99d62
"""
"""What `network_archives` prints of them, everywhere."""
