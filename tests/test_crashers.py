"""Inputs that once were a fault, found by tools/fuzz.py: errors of acgz, or right, ever since."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import fuzz_targets
from fuzz_targets import TARGETS
from paths import TESTS

CRASHERS = sorted((TESTS / "crashers").glob("*-*"))


@pytest.fixture(scope="module")
def blocks() -> Iterator[list[fuzz_targets.Block]]:
    with pytest.MonkeyPatch.context() as patch:
        yield fuzz_targets.blocks((40,), patch)


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: path.name)
def test_what_was_a_fault_is_one_no_more(path, blocks) -> None:
    TARGETS[path.name.rpartition("-")[0]](path.read_bytes())


def test_every_target_accepts_an_honest_block_of_every_codec(blocks) -> None:
    import msgpack

    for block in blocks:
        TARGETS["codec"](msgpack.packb([block.codec, *block.coded, block.count]))
