"""The codec "seqcoder": what an autoencoder keeps of the bases, and what corrects the rest.

The encoder makes a few latent values of each chunk. The decoder makes guesses of them. Latent
values and the difference between guesses and bases are stored, so it is lossless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Coded, Job, integer_parameter
from acgz.coding import quaternary, zstd
from acgz.coding.bitstream import BitStream
from acgz.errors import DamagedError
from acgz.nets.architecture import MEMORY, Network
from acgz.nets.codec import NetworkCodec
from acgz.nets.exact import operations
from acgz.nets.seqcoder import chunks, mismatches
from acgz.nets.seqcoder.architecture import LEVELS, SeqCoderArchitecture
from acgz.nets.seqcoder.chunks import Guesses
from acgz.nets.seqcoder.network import AutoEncoder
from acgz.nets.seqcoder.settings import SeqCoderSettings
from acgz.settings import JSON

_SIZE_BYTES = 4
"""Bytes of the size of the latents, which stands before them."""
RARE = 256
"""Up to one mismatch in so many bases, ``coded`` stores mismatches like ``zstd``."""


@dataclass(frozen=True)
class Parts:
    """The two parts of a payload."""

    latents: bytes
    residual: bytes

    @classmethod
    def of(cls, payload: bytes) -> Parts:
        start = _SIZE_BYTES + int.from_bytes(payload[:_SIZE_BYTES], "little")
        return cls(payload[_SIZE_BYTES:start], payload[start:])

    def to_bytes(self) -> bytes:
        return len(self.latents).to_bytes(_SIZE_BYTES, "little") + self.latents + self.residual


class _SeqCoder(NetworkCodec):
    """Codec of the mode seqcoder, see `acgz.codec.Codec`, with `SeqCoderSettings`.

    The payload is the size of the latents, the latents, and the residual. Parameters beside those
    of the settings: ``mismatches`` (bases that the decoder guesses wrong) and ``models``.
    """

    name = "seqcoder"
    settings = SeqCoderSettings

    def _encode(self, residues: NDArray[np.uint8], settings: SeqCoderSettings, job: Job) -> Coded:
        chosen = settings
        if not residues.size:
            return Coded(chosen.parameters(), b"")
        model = _chosen_network(chosen)
        network, d = _on(chosen.backend, model), model.architecture
        levels = chunks.encode(network, d, residues)[:, : chosen.latents]
        guesses = chunks.decode(network, d, levels, residues.size, job.progress.reached)
        wrong = int(np.count_nonzero(guesses.best != residues))
        write = _with_zstd if chosen.residual == "zstd" else _coded
        parts = write(levels, residues, guesses, wrong)
        parameters = {**chosen.parameters(), "mismatches": wrong, "models": [model.digest]}
        return Coded(parameters, parts.to_bytes())

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        chosen = SeqCoderSettings.from_parameters(parameters, self.name)
        if not count:
            return np.zeros(0, np.uint8)
        wrong = integer_parameter(parameters, "mismatches", 0, count)
        model = SeqCoderArchitecture.named(parameters)
        network, d = _on(chosen.backend, model), model.architecture
        parts = Parts.of(payload)
        shape = (chunks.positions(d, count), chosen.latents)
        plain = chosen.residual == "zstd"
        levels = (_unpack if plain else _decoded_latents)(parts.latents, shape)
        guesses = chunks.decode(network, d, levels, count, job.progress.reached)
        if plain or _few(wrong, count):
            return mismatches.decode(parts.residual, guesses, wrong)
        return _decoded(parts.residual, guesses.hints)

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        chosen = SeqCoderSettings.from_parameters(parameters, self.name)
        if not count:
            return 0
        d = SeqCoderArchitecture.named(parameters).architecture
        positions = d.chunk // d.factor
        of_chunk = 64 * (d.chunk + positions) * max(d.layers)
        needed = MEMORY + 32 * positions**2 + chunks.BATCH * of_chunk + 16 * count
        return needed + (quaternary.room(count) if chosen.residual == "coded" else 0)


CODEC = _SeqCoder()


def _with_zstd(
    levels: NDArray[np.uint8], residues: NDArray[np.uint8], guesses: Guesses, wrong: int
) -> Parts:
    """SeqCoder's format: int8 latents and mismatches, each with zstd."""
    return Parts(_pack(levels), mismatches.encode(residues, guesses))


def _coded(
    levels: NDArray[np.uint8], residues: NDArray[np.uint8], guesses: Guesses, wrong: int
) -> Parts:
    """Latents and bases as symbols of four values under contexts; bases also under the guesses.

    Latent values get no hints: which one of its position each is would cost 0.4 % on EsCo, since
    all of them have learned the same code.
    """
    values = np.ascontiguousarray(levels).reshape(-1)
    stream, rest = BitStream(), BitStream()
    quaternary.code_symbols(stream, values, np.zeros_like(values))
    if _few(wrong, residues.size):
        return Parts(stream.finish(), mismatches.encode(residues, guesses))
    quaternary.code_symbols(rest, residues.copy(), guesses.hints)
    return Parts(stream.finish(), rest.finish())


def _decoded_latents(data: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    return _decoded(data, np.zeros(shape[0] * shape[1], np.uint8)).reshape(shape)


def _decoded(data: bytes, hints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    symbols = np.zeros(hints.size, np.uint8)
    quaternary.code_symbols(BitStream(data), symbols, hints)
    return symbols


def _few(wrong: int, count: int) -> bool:
    """Are mismatches so rare that their places are cheaper than a look at every base?"""
    return wrong * RARE <= count


def _pack(levels: NDArray[np.uint8]) -> bytes:
    """The values of a position in one byte, 2 bits each, the first one lowest; then zstd."""
    packed = np.zeros(levels.shape[0], np.uint8)
    for place in range(levels.shape[1]):
        packed |= levels[:, place] << np.uint8(2 * place)
    return zstd.compress(packed.tobytes())


def _unpack(data: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    packed = np.frombuffer(zstd.decompress(data, shape[0]), np.uint8)
    if packed.size != shape[0]:
        raise DamagedError("the latents do not decode")
    shifts = 2 * np.arange(shape[1], dtype=np.uint8)
    return packed[:, None] >> shifts & np.uint8(LEVELS - 1)


def _chosen_network(chosen: SeqCoderSettings) -> Network[SeqCoderArchitecture]:
    return SeqCoderArchitecture.chosen(
        chosen.model, "seqcoder", '"acgz train seqcoder" makes one for --model'
    )


def _on(backend: str, network: Network[SeqCoderArchitecture]) -> AutoEncoder:
    return AutoEncoder(operations.backend(backend), network.architecture, network.arrays)
