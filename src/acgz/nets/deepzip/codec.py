"""The codec "deepzip": recurrent networks that read the last k symbols, and the range coder.

"Lossless data compression for genome sequences using recurrent neural networks" (De Jonge and
Vlaeminck), with both remedies of its section 6.1: tokens of m symbols, and lanes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from acgz.baselines import Static
from acgz.codec import Coded, Job, integer_parameter, stored_lanes
from acgz.coding import streams
from acgz.coding.predictor import equal_frequencies
from acgz.errors import DamagedError, MissingDependencyError, MissingModelError, UsageError
from acgz.nets.architecture import MEMORY, Arrays, Network
from acgz.nets.codec import NetworkCodec
from acgz.nets.deepzip import predictor
from acgz.nets.deepzip.architecture import GATES, DeepZipArchitecture
from acgz.nets.deepzip.division import Division
from acgz.nets.deepzip.predictor import DeepZip
from acgz.nets.deepzip.settings import DeepZipSettings
from acgz.nets.deepzip.stored import StoredWeights
from acgz.nets.deepzip.wave import MOST_BEGINNINGS
from acgz.nets.exact import operations
from acgz.settings import JSON

_SIZE_BYTES = 4
"""Bytes of the size of the heads' stream, which stands before it."""


class _DeepZip(NetworkCodec):
    """Codec of the DeepZip modes, see `acgz.codec.Codec`, with `DeepZipSettings`.

    The payload is the weights, if they were fitted to the input, the size of the stream of the
    heads, that stream, and the stream of the tokens. Parameters beside those of the settings:
    ``lanes``, and ``weights`` (bytes of the payload) or ``models``. A sequence that has no
    tokens, only heads, needs no network and has neither.
    """

    name = "deepzip"
    settings = DeepZipSettings

    def _encode(self, residues: NDArray[np.uint8], settings: DeepZipSettings, job: Job) -> Coded:
        ops, d, chosen = operations.backend(settings.backend), settings.architecture, settings
        lanes = chosen.lanes_for(residues.size)
        division = Division(residues.size, lanes, chosen.k, d.m, d.alphabet)
        parameters: dict[str, JSON] = {**chosen.parameters(), "m": d.m, "lanes": lanes}
        model = None if chosen.fit else _chosen_network(chosen)
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
                tokens, DeepZip(ops, d, network), lanes, job.progress.reached, each=d.m
            )
        job.progress.reached(residues.size)
        size = len(head_stream).to_bytes(_SIZE_BYTES, "little")
        return Coded(parameters, stored + size + head_stream + stream)

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        chosen = DeepZipSettings.from_parameters(parameters, self.name)
        d = chosen.architecture
        lanes = stored_lanes(parameters, count)
        division = Division(count, lanes, chosen.k, d.m, d.alphabet)
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
                job.progress.reached,
                each=d.m,
            )
        job.progress.reached(count)
        residues = division.join(heads, tokens)
        if d.alphabet > 4 and residues.size and residues.max() > 3:
            raise DamagedError("a residue is none of A, C, G, T")
        return residues

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        chosen = DeepZipSettings.from_parameters(parameters, self.name)
        lanes = stored_lanes(parameters, count)
        d = chosen.architecture
        gates = GATES[d.cell] * d.units
        if d.bidirectional:
            rows, of_row = lanes * chosen.k, 8 * 4 * d.units
        else:
            rows = lanes * (chosen.k // d.m if chosen.state == "window" else 1)
            of_row = 4 * (2 * d.units + 4 * gates)
        of_lane = 8 * chosen.k + 32 * d.outputs + 32 * d.dense + 16 * gates
        weights = 16 * sum(prod(shape) for shape in d.shapes().values())
        beginnings = 16 * MOST_BEGINNINGS * gates
        return MEMORY + weights + beginnings + rows * of_row + lanes * of_lane + 8 * count


CODEC = _DeepZip()


def _equal(alphabet: int, count: int) -> tuple[Static, int]:
    """Equal probabilities, and the lanes, for ``count`` symbols."""
    lanes = max(1, min(count, 1024))
    return Static(equal_frequencies(alphabet), lanes), lanes


def _chosen_network(chosen: DeepZipSettings) -> Network[DeepZipArchitecture] | None:
    """The network of the settings, or the package's for such a one; None: fit."""
    d = chosen.architecture
    try:
        network = DeepZipArchitecture.chosen(
            chosen.model,
            f"deepzip-{d.network}-{d.units}",
            '"acgz train deepzip" makes one for --model, and --fit trains one on the input and '
            "stores it in the archive",
        )
    except MissingModelError:
        if chosen.fit is None:
            return None
        raise
    if network.architecture == d:
        return network
    if chosen.model is None and chosen.fit is None:
        return None
    theirs = network.architecture
    raise UsageError(
        f"the model is not for this network: it is {theirs.network}-{theirs.units} with m = "
        f"{theirs.m}, alphabet {theirs.alphabet}, dense {theirs.dense}"
    )


def _fitted(residues: NDArray[np.uint8], chosen: DeepZipSettings) -> bytes:
    """The weights of a network that was trained on the residues."""
    from acgz.nets.exact import pytorch

    try:
        pytorch.load()
    except MissingDependencyError as error:
        raise MissingDependencyError(
            f"deepzip-{chosen.network}-{chosen.units}: this trains a network on the input, which "
            "needs PyTorch (pip install 'acgz[nn]'); or name a trained one with --model"
        ) from error
    from acgz.nets.deepzip.fit import fit

    return fit(residues, chosen)


def _stored_arrays(stored: bytes, parameters: Mapping[str, JSON], d: DeepZipArchitecture) -> Arrays:
    """The arrays of the weights in the payload, or of the model that the block names."""
    if stored:
        if "models" in parameters:
            raise DamagedError("the block has more than one network")
        return StoredWeights.from_bytes(stored, d).arrays()
    network = DeepZipArchitecture.named(parameters)
    if network.architecture != d:
        raise DamagedError("the block names a model that is not for it")
    return network.arrays
