"""A prior that learns while it codes: right gradients, one result everywhere, and a gain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.codec import Job
from acgz.engine import adaptation, costs, engine, lanes, presets, prior, priors
from acgz.engine.adaptation import BATCH, Adaptation
from acgz.engine.codec import CODEC, EngineSettings
from acgz.engine.engine import Engine
from acgz.engine.prior import SEGMENT, TOKENS, UNFORESEEN
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


def own_opinion(arrays: dict[str, NDArray[Any]], made: Engine) -> None:
    """Let the mixer have thought what the network says: gradients are those of its own cost."""
    diary = made.readings.first.diary
    units = made.readings.first.units
    for begin in range(0, BATCH, SEGMENT):
        network = prior.make(arrays)
        network.state[:] = diary.starts[begin // SEGMENT * 2 * units :][: 2 * units]
        network.seen[: 2 * units] = np.rint(network.state * prior.STATE_SCALE)
        for at in range(begin, begin + SEGMENT):
            token = int(diary.tokens[at]) % TOKENS
            for residue in (token >> 4, token >> 2 & 3, token & 3):
                prior_follow(network, residue)
            after = int(diary.tokens[at + 1]) % TOKENS
            leaves = network.odds[prior.LEAVES :].reshape(4, 4, 4).astype(np.float64)
            first, second = after >> 4, after >> 2 & 3
            chances = (leaves.sum((1, 2)), leaves[first].sum(1), leaves[first, second])
            said = np.concatenate([one / one.sum() for one in chances])
            diary.mixed[12 * (at + 1) : 12 * (at + 2)] = said


def prior_follow(network: prior.Prior, residue: int) -> None:
    """`prior.follow`, which is only called by kernels."""
    node = 4 * int(network.node[0]) + 1 + residue
    if node >= prior.NODES:
        prior._read(network, node - prior.NODES)
        node = 0
    network.node[0] = node


def test_gradients_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    arrays = small_network()
    made = filled(arrays, 1)
    own_opinion(arrays, made)
    learning = Adaptation(made, arrays)
    found: dict[str, NDArray[np.float32]] = {}
    learning._step = found.update  # type: ignore[method-assign, assignment]
    diary = made.readings.first.diary
    tokens, starts = diary.tokens.copy(), diary.starts.copy()
    learning.turn()

    weights = {
        name: torch.tensor(np.array(array), requires_grad=True)
        for name, array in learning._weights.items()
    }
    u = arrays["below"].shape[0]
    h = torch.tensor(starts[: BATCH // SEGMENT * 2 * u]).view(-1, 2, u).unbind(1)
    a, b, c, rest = weights["bias"].split([u, 3 * u, u, TOKENS + 32])
    rows = torch.tensor(tokens[: BATCH + 1].astype(np.int64))
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
    for name, gradient in found.items():
        expected = weights[name].grad.numpy()
        error = np.linalg.norm(gradient - expected) / np.linalg.norm(expected)
        assert error < 0.03, name


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
    learning._whole[:] = 1
    found = learning._gradients(np.zeros(BATCH, np.uint8))
    assert not any(gradient.any() for gradient in found.values())
