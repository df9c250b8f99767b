"""The codec "deepzip": recurrent networks that read the last k symbols, and the range coder.

"Lossless data compression for genome sequences using recurrent neural networks" (De Jonge and
Vlaeminck), with both remedies of its section 6.1: tokens of m symbols, and lanes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acgz import models
from acgz.codecs import streams
from acgz.codecs.base import JSON, Work, integer_parameter
from acgz.codecs.deepzip_lanes import Division
from acgz.codecs.deepzip_settings import Settings
from acgz.errors import (
    DamagedError,
    InputError,
    LimitError,
    MissingDependencyError,
    MissingModelError,
    UsageError,
)
from acgz.exact import operations
from acgz.models import Weights
from acgz.predictors.base import PRECISION
from acgz.predictors.baselines import Static
from acgz.predictors.deepzip import predictor
from acgz.predictors.deepzip.description import GATES, Arrays, Description
from acgz.predictors.deepzip.predictor import DeepZip
from acgz.predictors.deepzip.stored import StoredWeights

_SIZE_BYTES = 4
"""Of the size of the stream of the heads, before it."""


class _DeepZip:
    """See `acgz.codecs.base.Codec`; the settings are those of `Settings`.

    The payload is the weights, if they were fitted to the input, the size of the stream of the
    heads, that stream, and the stream of the tokens. Parameters beside those of `Settings`:
    ``lanes``, and ``weights`` (bytes of the payload) or ``models``. A sequence that has no
    tokens, only heads, needs no network and has neither.
    """

    name = "deepzip"

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        chosen = Settings.from_json(settings)
        ops = operations.backend(chosen.backend)
        d = chosen.description
        lanes = chosen.lanes_for(residues.size)
        division = Division(residues.size, lanes, chosen.k, d.m, d.alphabet)
        parameters: dict[str, JSON] = {**chosen.to_parameters(), "lanes": lanes}
        model = None if chosen.fit else _model_to_use(chosen)
        heads, tokens = division.split(residues)
        head_stream = streams.encode(heads, *_equal(d.alphabet, heads.size))
        stored, stream = b"", b""
        if tokens.size:
            if model is None:
                stored = _fitted(residues, chosen)
                arrays: Arrays = StoredWeights.from_bytes(stored, d).arrays()
                parameters["weights"] = len(stored)
            else:
                arrays = model.arrays
                parameters["models"] = [model.digest]
            network = predictor.make(
                ops, d, arrays, division.before(heads), chosen.state == "carried"
            )
            stream = streams.encode(
                tokens, DeepZip(ops, d, network), lanes, work.progress, each=d.m
            )
        if work.progress is not None:
            work.progress[0] = residues.size
        size = len(head_stream).to_bytes(_SIZE_BYTES, "little")
        return parameters, stored + size + head_stream + stream

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        chosen = Settings.from_parameters(parameters)
        d = chosen.description
        lanes = integer_parameter(parameters, "lanes", 1, min(streams.MOST_LANES, max(1, count)))
        division = Division(count, lanes, chosen.k, d.m, d.alphabet)
        _limit(chosen, division, work)
        begin = integer_parameter({"weights": 0, **parameters}, "weights", 0, len(payload))
        size = int.from_bytes(payload[begin : begin + _SIZE_BYTES], "little")
        begin_tokens = begin + _SIZE_BYTES + size
        if begin_tokens > len(payload):
            raise DamagedError("the block is too short for what it says it holds")
        head_stream = payload[begin + _SIZE_BYTES : begin_tokens]
        shape = division.head_symbols
        heads = streams.decode(head_stream, shape, *_equal(d.alphabet, shape))
        tokens: NDArray[np.unsignedinteger] = np.zeros(0, np.uint8)
        if division.tokens:
            arrays = _stored_arrays(payload[:begin], parameters, d)
            ops = operations.backend()
            before = division.before(heads)
            network = predictor.make(ops, d, arrays, before, chosen.state == "carried")
            tokens = streams.decode(
                payload[begin_tokens:],
                division.tokens,
                DeepZip(ops, d, network),
                lanes,
                work.progress,
                each=d.m,
            )
        if work.progress is not None:
            work.progress[0] = count
        residues = division.join(heads, tokens)
        if d.alphabet > 4 and residues.size and residues.max() > 3:
            raise DamagedError("a residue is none of A, C, G, T")
        return residues


CODEC = _DeepZip()


def _equal(alphabet: int, count: int) -> tuple[Static, int]:
    """Equal probabilities, and the lanes, for ``count`` symbols."""
    frequencies = [(1 << PRECISION) // alphabet] * alphabet
    frequencies[0] += (1 << PRECISION) - sum(frequencies)
    lanes = max(1, min(count, 1024))
    return Static(frequencies, lanes), lanes


def _model_to_use(chosen: Settings) -> Weights | None:
    """That of the settings, or the package's for such a network; None: fit."""
    d = chosen.description
    if chosen.model is not None:
        model = models.read(Path(chosen.model))
        models.remember(Path(chosen.model))
    else:
        try:
            model = models.read(models.default_model(f"deepzip-{d.network}-{d.units}"))
        except MissingModelError as error:
            if chosen.fit is None:
                return None
            raise MissingModelError(
                f'{error}; "acgz train deepzip" makes one for --model, and --fit trains one on '
                "the input and stores it in the archive"
            ) from error
    theirs = Description.from_json(model.description)
    if theirs == d:
        theirs.check_arrays(model.arrays)
        return model
    if chosen.model is None and chosen.fit is None:
        return None
    raise UsageError(
        f"the model is not for this network: it is {theirs.network}-{theirs.units} with m = "
        f"{theirs.m}, alphabet {theirs.alphabet}, dense {theirs.dense}"
    )


def _fitted(residues: NDArray[np.uint8], chosen: Settings) -> bytes:
    """The weights of a network that was trained on the residues."""
    from acgz.exact import pytorch

    try:
        pytorch.load()
    except MissingDependencyError as error:
        raise MissingDependencyError(
            f"deepzip-{chosen.network}-{chosen.units}: this trains a network on the input, which "
            "needs PyTorch (pip install 'acgz[nn]'); or name a trained one with --model"
        ) from error
    from acgz.training.deepzip_fit import Recipe, fit

    recipe = Recipe(chosen.k, chosen.epochs, chosen.learning_rate, chosen.seed)
    return fit(residues, chosen.description, recipe).weights


def _stored_arrays(stored: bytes, parameters: Mapping[str, JSON], d: Description) -> Arrays:
    """Of the weights in the payload, or of the model that the block names."""
    digests = parameters.get("models", [])
    if not isinstance(digests, list) or len(digests) + bool(stored) != 1:
        raise DamagedError("the block has no network, or more than one")
    if stored:
        return StoredWeights.from_bytes(stored, d).arrays()
    if not isinstance(digests[0], bytes):
        raise DamagedError("the block names no model by its digest")
    model = models.find(digests[0])
    try:
        if Description.from_json(model.description) == d:
            d.check_arrays(model.arrays)
            return model.arrays
    except InputError:
        pass
    raise DamagedError("the block names a model that is not for it")


def _limit(chosen: Settings, division: Division, work: Work) -> None:
    """LimitError if decoding would need more memory than allowed."""
    d = chosen.description
    of_row = 4 * d.units * (2 + 4 * GATES[d.cell])
    rows = division.lanes * (chosen.k // d.m if chosen.state == "window" else 1)
    if d.bidirectional:
        rows, of_row = division.lanes * chosen.k, 8 * 4 * d.units
    of_lane = 8 * chosen.k + 32 * d.outputs + 32 * d.dense + 16 * d.units * GATES[d.cell]
    needed = (64 << 20) + rows * of_row + division.lanes * of_lane + 8 * division.count
    if needed > work.memory_limit:
        raise LimitError("decoding this block needs more memory than allowed")
