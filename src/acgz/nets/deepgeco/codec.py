"""The codec "deepgeco": (s,k)-mers, the networks of the paper, and the range coder.

Levels are the paper's modes (Table 1): MINI is the Warm-Start network alone, PLUS adds the
Supporter, ULTRA fine-tunes the Warm-Start network first and stores what has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Coded, Job, integer_parameter, stored_lanes
from acgz.coding import streams, zstd
from acgz.errors import DamagedError, UsageError
from acgz.nets.architecture import MEMORY, Network
from acgz.nets.codec import NetworkCodec
from acgz.nets.deepgeco import kmers, trial, warm_start
from acgz.nets.deepgeco.alphabet import Alphabet
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.changes import Changes
from acgz.nets.deepgeco.grid import Grid
from acgz.nets.deepgeco.kmers import Vocabulary
from acgz.nets.deepgeco.mixer import Delta, warm_batches
from acgz.nets.deepgeco.numbers import NUMBERS
from acgz.nets.deepgeco.operations import DeepGeCoOperations, backend
from acgz.nets.deepgeco.predictor import DeepGeCo
from acgz.nets.deepgeco.repeats import share_of_repeats
from acgz.nets.deepgeco.settings import DeepGeCoSettings
from acgz.nets.deepgeco.supporter import Shape, Supporter
from acgz.nets.workers import Workers
from acgz.settings import JSON

WarmStartNetwork = Network[WarmStartArchitecture]

_SIZE_BYTES = 4
"""Bytes of the size of the changes, which stands before them."""


class _DeepGeCo(NetworkCodec):
    """Codec of the DeepGeCo modes, see `acgz.codec.Codec`, with `DeepGeCoSettings`.

    The payload is the size of the changes that ULTRA makes to the network, the changes, and
    the range coder's stream. Parameters beside those of the settings: ``lanes``, ``head``
    (the first k - s bases as a number), ``kmers`` (`Vocabulary.to_bytes`, zstd), ``models``.
    """

    name = "deepgeco"
    settings = DeepGeCoSettings

    def _encode(self, residues: NDArray[np.uint8], settings: DeepGeCoSettings, job: Job) -> Coded:
        with workers_of(settings, job) as workers:
            parts = prepare(residues, settings, job, workers)
            if parts.predictor is None:
                return Coded(parts.parameters, b"")
            stream = streams.encode(
                parts.symbols,
                parts.predictor,
                parts.lanes,
                job.progress.reached,
                each=parts.grid.s,
            )
        size = len(parts.changes).to_bytes(_SIZE_BYTES, "little")
        return Coded(parts.parameters, size + parts.changes + stream)

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        chosen = DeepGeCoSettings.from_parameters(parameters, self.name)
        grid = chosen.grid
        steps = grid.tokens(count)
        lanes = stored_lanes(parameters, steps)
        if not steps:
            return np.zeros(0, np.uint8)
        most = (1 << 2 * (grid.k - grid.s)) - 1
        head = integer_parameter({"head": 0, **parameters}, "head", 0, most)
        alphabet = Alphabet(grid, _stored_vocabulary(parameters, grid), chosen.plain)
        start = _SIZE_BYTES + int.from_bytes(payload[:_SIZE_BYTES], "little")
        changes, stream = payload[_SIZE_BYTES:start], payload[start:]
        network = _stored_network(parameters, chosen)
        if changes:
            if network is None or chosen.level != "ultra":
                raise DamagedError("there are changes to a network that there is not")
            network = Changes.from_bytes(changes, network).apply(network)
        with workers_of(chosen, job) as workers:
            predictor = _Maker(backend(), chosen, alphabet, steps, lanes, workers)(network)
            symbols = streams.decode(
                stream, steps, predictor, lanes, job.progress.reached, each=grid.s
            )
        if not alphabet.continues:
            symbols = alphabet.vocabulary.kmers[symbols]
            head = int(symbols[0]) >> 2 * grid.s
        return kmers.join(head, symbols, grid, count)

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        chosen = DeepGeCoSettings.from_parameters(parameters, self.name)
        grid = chosen.grid
        lanes = stored_lanes(parameters, grid.tokens(count))
        if not count:
            return MEMORY
        alphabet = Alphabet(grid, _stored_vocabulary(parameters, grid), chosen.plain)
        of_lane = 32 * alphabet.size + 16 * 1024
        fixed = MEMORY
        network = _stored_network(parameters, chosen)
        if network is not None:
            d = network.architecture
            fixed += 16 * sum(prod(shape) for shape in d.shapes().values())
            fixed += 24 * grid.kmers * 3 * d.hidden  # the table of the first layer, and making it
            of_lane += 64 * d.hidden * (1 if d.network == "gru" else d.window) + 8 * d.dense
        if chosen.supported:
            shape = _shape(chosen)
            of_lane += 64 * shape.context * shape.embedding + 24 * shape.ffn
            of_symbol = 64 * (shape.hidden + shape.embedding)
            fixed += 64 * shape.hidden * (shape.ffn + 2 * shape.hidden)
            fixed += of_symbol * (alphabet.size + len(alphabet.vocabulary))
        return fixed + lanes * of_lane + 4 * count


CODEC = _DeepGeCo()


def workers_of(chosen: DeepGeCoSettings, job: Job) -> Workers:
    """A worker for each thread of the job, on the CPU; PyTorch has threads of its own."""
    return Workers(job.threads if chosen.backend == "numpy" else 1)


@dataclass(frozen=True)
class Parts:
    """What an encoder needs before it codes the first symbol."""

    parameters: dict[str, JSON]
    grid: Grid
    lanes: int
    symbols: NDArray[np.unsignedinteger]
    """What will be coded, shape (tokens,)."""
    predictor: DeepGeCo | None
    """None if there are no symbols."""
    changes: bytes = b""
    """Changes that ULTRA makes to the network."""


def prepare(
    residues: NDArray[np.uint8], chosen: DeepGeCoSettings, job: Job, workers: Workers
) -> Parts:
    """Tokens, networks in their first state, and all that is stored beside the coded stream."""
    ops = backend(chosen.backend)
    network = _chosen_network(chosen)
    grid = chosen.grid
    tokens = kmers.encode(residues, grid, job.threads)
    alphabet = Alphabet(grid, Vocabulary.of(tokens, grid), chosen.plain)
    repeated = share_of_repeats(residues) if chosen.lanes is None else 0.0
    lanes = chosen.lanes_for(tokens.size, repeated)
    parameters: dict[str, JSON] = {**chosen.parameters(), "lanes": lanes}
    if not tokens.size:
        return Parts(parameters, grid, lanes, tokens, None)
    if grid.s < grid.k:
        parameters["head"] = int(tokens[0]) >> 2 * grid.s
    if len(alphabet.vocabulary) < grid.kmers:
        parameters["kmers"] = zstd.compress(alphabet.vocabulary.to_bytes())
    symbols = alphabet.symbols(tokens)
    predictor = _Maker(ops, chosen, alphabet, tokens.size, lanes, workers)

    changes = b""
    if network is not None:
        parameters["models"] = [network.digest]
        if chosen.level == "ultra":
            network, changes = _fine_tuned(network, residues, chosen, symbols, lanes, predictor)
    return Parts(parameters, grid, lanes, symbols, predictor(network), changes)


@dataclass(frozen=True)
class _Maker:
    """Makes the predictor of an input, with any Warm-Start network or none."""

    ops: DeepGeCoOperations
    chosen: DeepGeCoSettings
    alphabet: Alphabet
    tokens: int
    lanes: int
    workers: Workers

    def __call__(self, network: WarmStartNetwork | None) -> DeepGeCo:
        ops, chosen, alphabet, lanes = self.ops, self.chosen, self.alphabet, self.lanes
        warm = supporter = None
        if network is not None:
            warm = warm_start.make(ops, network.architecture, network.arrays, lanes, self.workers)
        if chosen.supported:
            sizes = len(alphabet.vocabulary), alphabet.size
            supporter = Supporter(ops, _shape(chosen), *sizes, self.workers)
        delta = Delta(ops, NUMBERS.delta)
        batches = warm_batches(self.tokens, lanes, chosen.ts, chosen.least)
        return DeepGeCo(ops, alphabet, lanes, warm, supporter, delta, batches, chosen.pace)


def _shape(chosen: DeepGeCoSettings) -> Shape:
    return replace(NUMBERS.shape, context=chosen.context)


def _chosen_network(chosen: DeepGeCoSettings) -> WarmStartNetwork | None:
    """The network of the settings, or the package's for this kind and (s,k)."""
    if chosen.warm_start == "none":
        return None
    network = WarmStartArchitecture.chosen(
        chosen.model,
        f"warm-start-{chosen.warm_start}-{chosen.grid.s}-{chosen.grid.k}",
        '"acgz train warm-start" makes one for --model, and the setting warm_start=none '
        "compresses with the Supporter alone",
    )
    if not _suits(network.architecture, chosen):
        raise UsageError(f"the model is not for (s,k) = ({chosen.sk})")
    return network


def _suits(d: WarmStartArchitecture, chosen: DeepGeCoSettings) -> bool:
    outputs = d.grid.kmers if chosen.plain else d.grid.continuations
    return d.grid == chosen.grid and d.outputs == outputs


def _fine_tuned(
    network: WarmStartNetwork,
    residues: NDArray[np.uint8],
    chosen: DeepGeCoSettings,
    symbols: NDArray[np.unsignedinteger],
    lanes: int,
    predictor: Callable[[WarmStartNetwork], DeepGeCo],
) -> tuple[WarmStartNetwork, bytes]:
    """The network fitted to the input as far as that pays for what it takes to store it.

    How much fitted networks save beside a Supporter is tried out, the smallest changes first,
    until larger ones do not save more.
    """
    from acgz.nets.deepgeco.fine_tuning import fine_tune

    used = warm_batches(symbols.size, lanes, chosen.ts, chosen.least)

    def bits(network: WarmStartNetwork) -> NDArray[np.float64]:
        return trial.bits_of_batches(predictor(network), symbols, lanes, trial.BATCHES)

    without, best, worth = None, (network, b""), 0.0
    batches = symbols.size // lanes
    for changes in fine_tune(
        network,
        residues,
        rounds=chosen.rounds,
        learning_rate=chosen.learning_rate,
        lanes=lanes,
        used=used,
    ):
        without = bits(network) if without is None else without
        fitted, stored = changes.apply(network), changes.to_bytes()
        saved = trial.saving(without, bits(fitted), batches, used) - 8 * len(stored)
        if saved > worth:
            best, worth = (fitted, stored), saved
        elif worth:
            break
    return best


def _stored_network(
    parameters: Mapping[str, JSON], chosen: DeepGeCoSettings
) -> WarmStartNetwork | None:
    if "models" not in parameters and chosen.supported:
        return None
    network = WarmStartArchitecture.named(parameters)
    if not _suits(network.architecture, chosen):
        raise DamagedError("the block names a model that is not for it")
    return network


def _stored_vocabulary(parameters: Mapping[str, JSON], grid: Grid) -> Vocabulary:
    stored = parameters.get("kmers")
    if stored is None:
        return Vocabulary.complete(grid)
    try:
        if not isinstance(stored, bytes):
            raise ValueError("not bytes")
        data = zstd.decompress(stored, -(-grid.kmers // 8))
        return Vocabulary.from_bytes(data, grid)
    except ValueError as error:
        raise DamagedError(f"the set of k-mers of the block: {error}") from error
