"""Tiny Warm-Start networks and Supporters for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny

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
