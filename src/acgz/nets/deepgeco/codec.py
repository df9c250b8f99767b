"""The codec "deepgeco": (s,k)-mers, the networks of the paper, and the range coder.

Levels are the paper's modes (Table 1): MINI is the Warm-Start network alone, PLUS adds the
Supporter, ULTRA fine-tunes the Warm-Start network first and stores what has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from acgz import models
from acgz.codec import Coded, Job, integer_parameter
from acgz.coding import streams
from acgz.errors import DamagedError, InputError, MissingModelError, UsageError
from acgz.models import Weights
from acgz.nets import kmers
from acgz.nets.deepgeco import trial as trial
from acgz.nets.deepgeco import warm_start
from acgz.nets.deepgeco.alphabet import Alphabet
from acgz.nets.deepgeco.architecture import Description
from acgz.nets.deepgeco.changes import Changes
from acgz.nets.deepgeco.mixer import Delta, warm_batches
from acgz.nets.deepgeco.numbers import NUMBERS
from acgz.nets.deepgeco.predictor import DeepGeCo
from acgz.nets.deepgeco.settings import DeepGeCoSettings
from acgz.nets.deepgeco.supporter import Shape, Supporter
from acgz.nets.exact import operations
from acgz.nets.exact.operations import Operations
from acgz.nets.exact.threads import limited
from acgz.nets.kmers import Grid, Vocabulary
from acgz.settings import JSON

_SIZE_BYTES = 4
"""Of the size of the changes, before them."""


class _DeepGeCo:
    """See `acgz.codec.Codec`; the settings are those of `Settings`.

    The payload is the size of the changes that ULTRA makes to the network, the changes, and
    the range coder's stream. Parameters beside those of `Settings`: ``lanes``, ``head`` (the
    first k - s bases as a number), ``kmers`` (`Vocabulary.to_bytes`, zstd), ``models``.
    """

    name = "deepgeco"
    settings = DeepGeCoSettings

    def encode(self, residues: NDArray[np.uint8], settings: DeepGeCoSettings, job: Job) -> Coded:
        parts = prepare(residues, settings, job)
        if parts.predictor is None:
            return Coded(parts.parameters, b"")
        with limited(job.threads):
            stream = streams.encode(
                parts.symbols,
                parts.predictor,
                parts.lanes,
                job.progress.residues,
                each=parts.grid.s,
            )
        size = len(parts.changes).to_bytes(_SIZE_BYTES, "little")
        return Coded(parts.parameters, size + parts.changes + stream)

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        chosen = DeepGeCoSettings.from_parameters(parameters, self.name)
        grid = chosen.grid
        steps = grid.tokens(count)
        lanes = integer_parameter(parameters, "lanes", 1, min(streams.MOST_LANES, max(1, steps)))
        if not steps:
            return np.zeros(0, np.uint8)
        most = (1 << 2 * (grid.k - grid.s)) - 1
        head = integer_parameter({"head": 0, **parameters}, "head", 0, most)
        alphabet = Alphabet(grid, _stored_vocabulary(parameters, grid), chosen.plain)
        start = _SIZE_BYTES + int.from_bytes(payload[:_SIZE_BYTES], "little")
        changes, stream = payload[_SIZE_BYTES:start], payload[start:]
        model = _stored_model(parameters, chosen)
        if changes:
            if model is None or chosen.level != "ultra":
                raise DamagedError("there are changes to a network that there is not")
            model = Changes.from_bytes(changes, model).apply(model)
        predictor = _predictor(operations.backend(), chosen, alphabet, steps, lanes, model)
        with limited(job.threads):
            symbols = streams.decode(
                stream, steps, predictor, lanes, job.progress.residues, each=grid.s
            )
        if not alphabet.continues:
            symbols = alphabet.vocabulary.kmers[symbols]
            head = int(symbols[0]) >> 2 * grid.s
        return kmers.join(head, symbols, grid, count)

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        chosen = DeepGeCoSettings.from_parameters(parameters, self.name)
        grid = chosen.grid
        most = min(streams.MOST_LANES, max(1, grid.tokens(count)))
        lanes = integer_parameter(parameters, "lanes", 1, most)
        alphabet = Alphabet(grid, _stored_vocabulary(parameters, grid), chosen.plain)
        of_lane = 32 * alphabet.size + 16 * 1024
        fixed = 64 << 20
        if chosen.supported:
            shape = _shape(chosen)
            of_lane += 64 * shape.context * shape.embedding + 24 * shape.ffn
            of_symbol = 64 * (shape.hidden + shape.embedding)
            fixed += 64 * shape.hidden * (shape.ffn + 2 * shape.hidden)
            fixed += of_symbol * (alphabet.size + len(alphabet.vocabulary))
        return fixed + lanes * of_lane + 4 * count


CODEC = _DeepGeCo()


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
    """Of the network, by ULTRA."""


def prepare(residues: NDArray[np.uint8], chosen: DeepGeCoSettings, job: Job) -> Parts:
    """Tokens, networks in their first state, and all that is stored beside the coded stream."""
    ops = operations.backend(chosen.backend)
    model = _model_to_use(chosen)
    grid = chosen.grid
    tokens = kmers.encode(residues, grid, job.threads)
    alphabet = Alphabet(grid, Vocabulary.of(tokens, grid), chosen.plain)
    lanes = chosen.lanes_for(tokens.size)
    parameters: dict[str, JSON] = {**chosen.parameters(), "lanes": lanes}
    if not tokens.size:
        return Parts(parameters, grid, lanes, tokens, None)
    if grid.s < grid.k:
        parameters["head"] = int(tokens[0]) >> 2 * grid.s
    if len(alphabet.vocabulary) < grid.kmers:
        parameters["kmers"] = zstandard.compress(alphabet.vocabulary.to_bytes(), 19)
    symbols = alphabet.symbols(tokens)

    def predictor(network: Weights | None) -> DeepGeCo:
        return _predictor(ops, chosen, alphabet, tokens.size, lanes, network)

    changes = b""
    if model is not None:
        parameters["models"] = [model.digest]
        if chosen.level == "ultra":
            with limited(job.threads):
                model, changes = _fine_tuned(model, residues, chosen, symbols, lanes, predictor)
    return Parts(parameters, grid, lanes, symbols, predictor(model), changes)


def _predictor(
    ops: Operations,
    chosen: DeepGeCoSettings,
    alphabet: Alphabet,
    tokens: int,
    lanes: int,
    model: Weights | None,
) -> DeepGeCo:
    warm = supporter = None
    if model is not None:
        description = Description.from_json(model.description)
        warm = warm_start.make(ops, description, model.arrays, lanes)
    if chosen.supported:
        supporter = Supporter(ops, _shape(chosen), len(alphabet.vocabulary), alphabet.size)
    delta = Delta(ops, NUMBERS.delta)
    batches = warm_batches(tokens, lanes, chosen.ts, chosen.least)
    return DeepGeCo(ops, alphabet, lanes, warm, supporter, delta, batches)


def _shape(chosen: DeepGeCoSettings) -> Shape:
    return replace(NUMBERS.shape, context=chosen.context)


def _model_to_use(chosen: DeepGeCoSettings) -> Weights | None:
    """That of the settings, or the package's for this network and (s,k)."""
    if chosen.warm_start == "none":
        return None
    if chosen.model is not None:
        model = models.read(Path(chosen.model))
        models.remember(Path(chosen.model))
    else:
        name = f"warm-start-{chosen.warm_start}-{chosen.sk.replace(',', '-')}"
        try:
            model = models.read(models.default_model(name))
        except MissingModelError as error:
            raise MissingModelError(
                f'{error}; "acgz train warm-start" makes one for --model, and the setting '
                "warm_start=none compresses with the Supporter alone"
            ) from error
    if not _fits(model, chosen):
        raise UsageError(f"the model is not for (s,k) = ({chosen.sk})")
    return model


def _fits(model: Weights, chosen: DeepGeCoSettings) -> bool:
    d = Description.from_json(model.description)
    return d.grid == chosen.grid and d.outputs == (
        d.grid.kmers if chosen.plain else d.grid.continuations
    )


def _fine_tuned(
    model: Weights,
    residues: NDArray[np.uint8],
    chosen: DeepGeCoSettings,
    symbols: NDArray[np.unsignedinteger],
    lanes: int,
    predictor: Callable[[Weights], DeepGeCo],
) -> tuple[Weights, bytes]:
    """The model fitted to the input as far as that pays for what it takes to store it.

    How much fitted networks save beside a Supporter is tried out, the smallest changes first,
    until larger ones do not save more.
    """
    from acgz.nets.deepgeco.fine_tuning import fine_tune

    used = warm_batches(symbols.size, lanes, chosen.ts, chosen.least)

    def bits(network: Weights) -> NDArray[np.float64]:
        return trial.bits_of_batches(predictor(network), symbols, lanes, trial.BATCHES)

    without, best, worth = None, (model, b""), 0.0
    batches = symbols.size // lanes
    for changes in fine_tune(
        model,
        residues,
        rounds=chosen.rounds,
        learning_rate=chosen.learning_rate,
        lanes=lanes,
        used=used,
    ):
        without = bits(model) if without is None else without
        fitted, stored = changes.apply(model), changes.to_bytes()
        saved = trial.saving(without, bits(fitted), batches, used) - 8 * len(stored)
        if saved > worth:
            best, worth = (fitted, stored), saved
        elif worth:
            break
    return best


def _stored_model(parameters: Mapping[str, JSON], chosen: DeepGeCoSettings) -> Weights | None:
    digests = parameters.get("models", [])
    if not isinstance(digests, list) or len(digests) > 1:
        raise DamagedError("the block names more than one Warm-Start network")
    if not digests:
        if not chosen.supported:
            raise DamagedError("the block names no network")
        return None
    model = models.find(bytes(digests[0]))
    try:
        if _fits(model, chosen):
            return model
    except InputError:
        pass
    raise DamagedError("the block names a model that is not for it")


def _stored_vocabulary(parameters: Mapping[str, JSON], grid: Grid) -> Vocabulary:
    stored = parameters.get("kmers")
    if stored is None:
        return Vocabulary.complete(grid)
    try:
        if not isinstance(stored, bytes):
            raise ValueError("not bytes")
        largest = -(-grid.kmers // 8)
        data = zstandard.ZstdDecompressor().decompress(stored, max_output_size=largest)
        return Vocabulary.from_bytes(data, grid)
    except (ValueError, zstandard.ZstdError) as error:
        raise DamagedError(f"the set of k-mers of the block: {error}") from error
