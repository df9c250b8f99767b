"""(s,k)-mers give the residues back, for every s <= k <= 8 and every tail, from any threads."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.nets.deepgeco import kmers
from acgz.nets.deepgeco.grid import MOST, Grid
from acgz.nets.deepgeco.kmers import Vocabulary
from codec_checks import residues

GRIDS = [Grid(s, k) for k in range(1, MOST + 1) for s in range(1, k + 1)]
GRID_NAMES = [f"{grid.s},{grid.k}" for grid in GRIDS]


def restored(tokens: NDArray[np.uint16], grid: Grid, count: int) -> NDArray[np.uint8]:
    """Of each token but the first only the last s bases count."""
    return kmers.join(int(tokens[0]) >> 2 * grid.s if count else 0, tokens, grid, count)


@pytest.mark.parametrize("grid", GRIDS, ids=GRID_NAMES)
def test_residues_come_back_with_every_tail(grid: Grid) -> None:
    for count in [*range(3 * grid.k + 2 * grid.s + 1), 500]:
        original = residues(count)
        tokens = kmers.encode(original, grid)
        assert tokens.size == grid.tokens(count)
        assert restored(tokens, grid, count).tolist() == original.tolist()


@pytest.mark.parametrize("grid", GRIDS, ids=GRID_NAMES)
def test_there_are_as_many_tokens_as_the_paper_says(grid: Grid) -> None:
    for count in range(grid.k, 100):
        assert grid.tokens(count) == -(-(count - grid.k + grid.s) // grid.s)


@pytest.mark.parametrize("grid", GRIDS, ids=GRID_NAMES)
def test_only_the_continuations_of_a_token_can_follow_it(grid: Grid) -> None:
    tokens = kmers.encode(residues(300), grid).astype(int)
    shared = 4 ** (grid.k - grid.s)
    assert (tokens[:-1] % shared == tokens[1:] // grid.continuations).all()


@pytest.mark.parametrize("grid", GRIDS, ids=GRID_NAMES)
def test_first_bases_and_continuations_are_enough(grid: Grid) -> None:
    original = residues(211)
    tokens = kmers.encode(original, grid)
    head = int(tokens[0]) // grid.continuations
    steps = tokens.astype(int) % grid.continuations
    assert kmers.join(head, steps, grid, original.size).tolist() == original.tolist()


def test_threads_do_not_change_the_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    original = residues(10_000)
    for grid in GRIDS:
        expected = kmers.encode(original, grid).tolist()
        for chunk in (1000, 333, 4999):
            monkeypatch.setattr(kmers, "_CHUNK", chunk)
            assert kmers.encode(original, grid, threads=3).tolist() == expected


def test_example_of_the_paper_has_the_size_of_the_paper() -> None:
    # Figure 3: 34 characters become 11 tokens, a reduction by 67.647 %.
    assert round(100 * (1 - Grid(3, 4).tokens(34) / 34), 3) == 67.647


@pytest.mark.parametrize("grid", GRIDS, ids=GRID_NAMES)
def test_dense_numbers_name_the_kmers_that_occur(grid: Grid) -> None:
    tokens = kmers.encode(residues(90), grid)
    vocabulary = Vocabulary.of(tokens, grid)
    numbers = vocabulary.number(tokens)
    assert sorted(set(numbers.tolist())) == list(range(len(vocabulary)))
    assert vocabulary.kmers[numbers].tolist() == tokens.tolist()


@pytest.mark.parametrize("grid", GRIDS, ids=GRID_NAMES)
def test_a_vocabulary_can_be_stored(grid: Grid) -> None:
    for count in (1, 90, 5000):
        vocabulary = Vocabulary.of(kmers.encode(residues(count), grid), grid)
        again = Vocabulary.from_bytes(vocabulary.to_bytes(), grid)
        assert again.kmers.tolist() == vocabulary.kmers.tolist()
    assert Vocabulary.complete(grid).to_bytes() == b""


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0", b"\1\0\0", bytes(2)])
def test_a_stored_vocabulary_is_not_trusted(data: bytes) -> None:
    with pytest.raises(ValueError, match="no set of 2-mers"):
        Vocabulary.from_bytes(data, Grid(1, 2))


@pytest.mark.parametrize(("s", "k"), [(0, 1), (2, 1), (3, 9), (9, 9), (-1, 3)])
def test_impossible_grids_are_refused(s: int, k: int) -> None:
    with pytest.raises(ValueError, match="1 <= s <= k <= 8"):
        Grid(s, k)
