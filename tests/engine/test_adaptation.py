"""A prior that learns while it codes: right gradients, one result everywhere, and a gain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.codec import Job
from acgz.engine import adaptation, costs, engine, gradients, lanes, presets, prior, priors
from acgz.engine.adaptation import Adaptation
from acgz.engine.codec import CODEC
from acgz.engine.prior import BATCH, SEGMENT, TOKENS, UNFORESEEN, Prior
from acgz.engine.settings import EngineSettings
from acgz.kernel import kernel
from diaries import filled, small_network
from machines import ENVIRONMENTS, REFERENCE, WITHOUT_COMPILER
from paths import PHAGE


def phage(count: int) -> NDArray[np.uint8]:
    letters = b"".join(PHAGE.read_bytes().split(b"\n")[1:])[:count]
    return np.array([b"ACGT".index(letter) for letter in letters], np.uint8)


@pytest.mark.slow
def test_what_is_learned_is_the_same_in_every_environment() -> None:
    program = ["-m", "diaries"]
    environments = (REFERENCE, *ENVIRONMENTS.values(), WITHOUT_COMPILER)
    assert len({environment.run(program) for environment in environments}) == 1


def kept(network: Prior) -> NDArray[np.float32]:
    """What a network's diary has kept of each 3-mer."""
    return network.diary.kept.reshape(prior.ROOM, -1)


def own_opinion(network: Prior) -> None:
    """Let the mixer have thought what the network says: gradients are those of its own cost."""
    diary = network.diary
    for at in range(BATCH):
        after = int(diary.tokens[at + 1]) % TOKENS
        leaves = kept(network)[at, -TOKENS:].reshape(4, 4, 4).astype(np.float64)
        first, second = after >> 4, after >> 2 & 3
        chances = (leaves.sum((1, 2)), leaves[first].sum(1), leaves[first, second])
        said = np.concatenate([one / one.sum() for one in chances])
        diary.mixed[12 * (at + 1) : 12 * (at + 2)] = said


def test_gradients_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    arrays = small_network()
    made = filled(arrays, 1)
    network = made.readings.first
    own_opinion(network)
    learning = Adaptation(made, arrays)
    found: list[NDArray[np.float32]] = []
    learning._step = lambda *some: found.extend(some)  # type: ignore[method-assign]
    learning.turn()
    for one in learning._blocks:
        sums = learning._sums[one.at :][: one.rows * one.inputs].reshape(one.rows, one.inputs)
        found.append(sums * learning._worth[one.row : one.row + one.rows, None])

    factors = adaptation._FACTORS
    weights = {
        name: arrays[name] * arrays[f"{name}.scale"][:, None] * factor
        for name, factor in factors.items()
    }
    weights |= {name: arrays[name] for name in ("table", "bias")}
    weights = {name: torch.tensor(one, requires_grad=True) for name, one in weights.items()}
    u = network.units
    starts = kept(network)[0:BATCH:SEGMENT]
    h = (torch.tensor(starts[:, 4 * u : 5 * u]), torch.tensor(starts[:, 9 * u : 10 * u]))
    a, b, c, rest = weights["bias"].split([u, 3 * u, u, TOKENS + 32])
    rows = torch.tensor(network.diary.tokens[: BATCH + 1].astype(np.int64))
    cost = torch.zeros(())

    def cell(gates: Any, given: Any, inner: Any, before: Any) -> Any:
        r, z = gates.sigmoid().chunk(2, dim=1)
        n = torch.tanh(given + r * inner)
        return n + z * (before - n)

    for step in range(SEGMENT):
        at = torch.arange(0, BATCH, SEGMENT) + step
        table = weights["table"][rows[at] % TOKENS]
        g = h[0] @ weights["first"].T
        first = cell(g[:, : 2 * u] + table[:, : 2 * u], table[:, 2 * u :], g[:, 2 * u :] + a, h[0])
        g = torch.cat([first, h[1]], dim=1) @ weights["gates"].T + b[: 2 * u]
        given = first @ weights["below"].T + b[2 * u :]
        second = cell(g, given, h[1] @ weights["above"].T + c, h[1])
        h = (first, second)
        f = second @ weights["head"].T + rest
        logits = f[:, :TOKENS] + f[:, TOKENS:].clamp(0, 127) @ weights["output"].T
        after = rows[at + 1]
        each = torch.nn.functional.cross_entropy(logits, after % TOKENS, reduction="none")
        cost = cost + (each * (after < UNFORESEEN)).sum()
    cost.backward()
    slopes = {name: one.grad.numpy() for name, one in weights.items()}
    expected = [slopes["table"], slopes["bias"], *adaptation._learning(slopes)]
    for one, right in zip(found, expected, strict=True):
        assert np.linalg.norm(one - right) / np.linalg.norm(right) < 0.03


def test_what_states_give_is_reckoned_for_three_readings_at_once() -> None:
    arrays = small_network()
    made = filled(arrays, 1).readings
    for one, token in zip(made, (7, 8, 9), strict=True):
        prior._read(one, token, -1)
    alone = [one._replace(sums=one.sums.copy(), node=one.node.copy()) for one in made]
    prior._look_ahead(*made)
    assert [one.node[1] for one in made] == [0, 0, 0]
    for one, other in zip(made, alone, strict=True):
        assert other.node[1] == 1
        states = one.seen.copy(), one.state.copy()
        prior._read(one, 30, -1)
        odds = one.odds.copy()
        one.seen[:], one.state[:] = states
        prior._read(other, 30, -1)
        assert np.array_equal(odds, other.odds)


def test_a_diary_that_has_gone_round_teaches_the_same() -> None:
    arrays = small_network()
    digests = []
    for shift in (0, 3 * BATCH):
        made = filled(arrays, 1)
        diary = made.readings.first.diary
        for array in (diary.tokens, diary.mixed, diary.kept):
            array[:] = np.roll(array, shift * (array.size // prior.ROOM))
        learning = Adaptation(made, arrays)
        learning._taken = shift
        diary.size[0] += shift
        learning.turn()
        digests.append(learning._network.weights.tobytes())
    assert digests[0] == digests[1]
    assert prior.ROOM == 4 * BATCH


def test_threads_and_lanes_change_nothing() -> None:
    original = phage(presets.SMALL)
    for count in (1, 2):
        settings = EngineSettings(preset="ultra", lanes=count, dictionary="none")
        one, many = (CODEC.coded(original, settings, Job(threads=t)) for t in (1, 4))
        assert one.payload == many.payload
        for threads in (1, 4):
            back = CODEC.decode(one, original.size, Job(threads=threads))
            assert np.array_equal(back, original)


def test_what_each_residue_costs_is_what_the_stream_takes() -> None:
    original = phage(presets.SMALL)
    settings = EngineSettings(preset="ultra")
    payload = CODEC.coded(original, settings, Job()).payload
    assert abs(costs.bits(original, settings).sum() / 8 - len(payload)) < 12


def test_a_network_that_learns_codes_its_sequence_smaller() -> None:
    random = np.random.default_rng(5)
    drawn = random.choice(64, 50_000, p=random.dirichlet(np.full(64, 0.5)))  # codons of its own
    original = (drawn[:, None] >> np.array([4, 2, 0]) & 3).astype(np.uint8).ravel()
    arrays = priors._read(priors.shipped()["eukaryotes"]).arrays
    made = presets.parts("ultra", original.size, 0, 18)
    assert made.adapts
    sizes = [
        lanes.encode(replace(made, adapts=adapts), arrays, original, 0, 0, 1, 1, lambda _: None)[0]
        for adapts in (False, True)
    ]
    assert sizes[1].size < 0.999 * sizes[0].size


def test_only_ultra_learns_and_only_with_a_prior() -> None:
    for preset, count, adapts in (
        ("fast", 1 << 20, False),
        ("plus", 1 << 20, False),
        ("ultra", presets.SMALL - 1, False),
        ("ultra", presets.SMALL, True),
    ):
        made = presets.parts(preset, count, 0, 16)
        assert made.adapts == adapts
        assert adaptation.of(engine.make(made, count), None) is None


def test_the_file_of_a_prior_stays_as_it_is() -> None:
    model = priors._read(priors.shipped()["prokaryotes-large"])
    before = {name: array.copy() for name, array in model.arrays.items()}
    CODEC.coded(phage(presets.SMALL), EngineSettings(preset="ultra"), Job())
    after = priors._read(priors.shipped()["prokaryotes-large"])
    assert after is model
    assert all(np.array_equal(array, before[name]) for name, array in after.arrays.items())


def test_absurd_weights_are_learned_without_a_word() -> None:
    arrays = small_network()
    for name in prior.MATRICES:
        arrays[f"{name}.scale"] = np.full_like(arrays[f"{name}.scale"], priors.MOST)
    made = filled(arrays, 2)
    learning = Adaptation(made, arrays)
    for _ in range(3):
        learning.turn()
    assert np.isfinite(made.readings.first.scale).all()


@pytest.mark.parametrize("size", [1e-37, 1e32, np.inf, np.nan])
def test_slopes_that_no_integer_can_tell_count_as_zeros(size: float) -> None:
    arrays = small_network()
    learning = Adaptation(filled(arrays, 1), arrays)
    learning._slopes[:] = size
    learning._states[:] = 1
    table, bias = learning._sum(np.zeros(BATCH, np.uint8))
    assert not any(one.any() for one in (table, bias, learning._sums, learning._worth))


@kernel
def _integers(tape, slopes):  # type: ignore[no-untyped-def]
    gradients._integers(tape, 0, slopes, 0, 32, 0)


def test_a_slope_that_is_no_number_is_the_same_integer_everywhere() -> None:
    """What a float beyond an integer's range becomes is another on each machine."""
    tape = gradients.tape(32, 32, np.zeros(1, np.int8))
    tape.scale[:] = 1
    slopes = np.arange(32, dtype=np.float32)
    slopes[[3, 30]] = np.nan
    _integers(tape, slopes)
    assert tape.seen[[0, 3, 30, 31]].tolist() == [0, -16383, -16383, 16383]
