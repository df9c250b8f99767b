"""`ultra` codes a block as `plus` does, too, beside its own coding if there is a thread for it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.codec import Coded, Job
from acgz.engine.codec import CODEC, EngineCodec
from acgz.engine.settings import EngineSettings
from acgz.progress import Stopped

RESIDUES = np.random.default_rng(1).integers(0, 4, 1 << 15).astype(np.uint8)
ULTRA = EngineSettings(preset="ultra")


def test_plus_beside_or_afterwards_makes_the_same() -> None:
    assert CODEC.encode(RESIDUES, ULTRA, Job(1)) == CODEC.encode(RESIDUES, ULTRA, Job(3))


def test_plus_waits_where_there_is_no_memory_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    who = []

    def coded(_: object, source: NDArray[np.uint8], settings: EngineSettings, job: Job) -> Coded:
        who.append((settings.preset, threading.current_thread() is threading.main_thread()))
        return Coded({"preset": settings.preset}, b"")

    monkeypatch.setattr(EngineCodec, "coded", coded)
    need = CODEC.need_to_encode(ULTRA, RESIDUES.size).memory
    for memory, aside in ((need, True), (need - 1, False)):
        who.clear()
        CODEC.encode(RESIDUES, ULTRA, Job(2, memory=memory))
        assert sorted(who) == [("plus", not aside), ("ultra", True)]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_smaller_one_is_kept(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    sizes = {"ultra": 100, "plus": 200}

    def coded(_: object, source: NDArray[np.uint8], settings: EngineSettings, job: Job) -> Coded:
        return Coded({"preset": settings.preset}, bytes(sizes[settings.preset]))

    monkeypatch.setattr(EngineCodec, "coded", coded)
    for ultra, kept in ((100, "ultra"), (195, "plus"), (300, "plus")):
        sizes["ultra"] = ultra
        assert CODEC.encode(RESIDUES, ULTRA, Job(threads)).parameters["preset"] == kept


def test_when_ultra_ends_early_plus_does_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = []

    def coded(_: object, source: NDArray[np.uint8], settings: EngineSettings, job: Job) -> Coded:
        if settings.preset == "ultra":
            raise KeyboardInterrupt
        until = time.monotonic() + 20
        try:
            while time.monotonic() < until:
                job.progress.reached(1)
                time.sleep(0.001)
        except Stopped:
            stopped.append(settings.preset)
            raise
        return Coded({}, b"")

    monkeypatch.setattr(EngineCodec, "coded", coded)
    with pytest.raises(KeyboardInterrupt):
        CODEC.encode(RESIDUES, ULTRA, Job(2))
    assert stopped == ["plus"]
