"""Tiny recurrent networks for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny as any_tiny
from network_archives import Line, Task
from numpy.typing import NDArray

from acgz.codec import encode
from acgz.modes import Mode
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.settings import DeepZipSettings


def tiny(
    network: str = "lstm", units: int = 4, m: int = 1, alphabet: int = 4
) -> DeepZipArchitecture:
    return DeepZipArchitecture(network, units, m, alphabet, dense=4)


def random_arrays(architecture: DeepZipArchitecture) -> dict[str, NDArray[np.float32]]:
    return {
        name: array.astype("float32") for name, array in any_tiny.arrays(architecture, 0.8).items()
    }


def tiny_model(folder: Path, architecture: DeepZipArchitecture) -> Path:
    """A network with random weights; the file."""
    d = architecture
    return any_tiny.model(folder, d, f"{d.network}-{d.units}-{d.m}-{d.alphabet}", 0.8)


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`: a network of the mode's cell, its dense layer tiny."""
    chosen = DeepZipSettings.of({**mode.settings, "dense": 4}, "deepzip")
    return {"model": str(tiny_model(folder, chosen.architecture)), "dense": 4, "k": 8, "lanes": 3}


ARCHIVED = 1203
"""Bases that `archives` compresses."""


def archives(task: Task) -> Iterator[Line]:
    """Every cell, one and two layers, windows and a state that is carried."""
    from acgz.nets.deepzip import codec as deepzip
    from acgz.nets.deepzip.architecture import DeepZipArchitecture

    for network, units, m, state in (
        ("rnn", 128, 1, "carried"), ("lstm", 32, 1, "window"), ("gru", 64, 2, "window"),
        ("birnn", 32, 4, "window"), ("bilstm", 20, 2, "window"), ("bigru", 32, 4, "window"),
    ):  # fmt: skip
        model = tiny_model(task.folder, DeepZipArchitecture(network, units, m))
        settings = {"network": network, "units": units, "m": m, "state": state, "k": 16}
        settings |= {"model": str(model), "lanes": 24}
        _, payload = encode(deepzip.CODEC, task.residues, settings | task.common, task.work)
        yield network, units, m, payload


PINNED = """\
rnn 128 1 1083 e653134bbf33682c48ba8eaaeb430867f303b60f1822ed895ee8fd44f5929956
lstm 32 1 543 db6410ed727425c357a6ed19ca5c6d304d9cef2f2b86123f6d07bad816c56f3b
gru 64 2 624 fa48e8d75b7f93a74994ee95e4930a16fd5a83cf68013b7d912b49ca98849ee7
birnn 32 4 485 b7fb7344aaa2ff17cdff9a688feebc1be5fd3266fbd6d6044f889a6d5f21e44c
bilstm 20 2 531 1e8f9c1dd4427bc1767bd222693550a3f1b43a5448134192b6d11570b291b0b5
bigru 32 4 488 8ee6750055bb5487ccd1a99cbb7269ac60fa874f09469735a2868ac4ad97a873
"""
"""What `network_archives` prints of them, everywhere."""
