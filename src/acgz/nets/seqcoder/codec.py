"""The codec "seqcoder": what an autoencoder keeps of the bases, and what corrects the rest.

The encoder makes a few latent values of each chunk. The decoder makes guesses of them. Latent
values and the ranks of the bases among the guesses are stored, so it is lossless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Coded, Job, integer_parameter
from acgz.coding import quaternary
from acgz.coding.bitstream import BitStream
from acgz.nets.architecture import MEMORY
from acgz.nets.codec import NetworkCodec
from acgz.nets.exact import operations
from acgz.nets.seqcoder import chunks
from acgz.nets.seqcoder.forms import FORMS, Form
from acgz.nets.seqcoder.guesses import Guesses, ranks_to_bytes, residues_of_ranks
from acgz.nets.seqcoder.settings import SeqCoderSettings
from acgz.nets.workers import Workers
from acgz.settings import JSON

_SIZE_BYTES = 4
"""Bytes of the size of the latents, which stands before them."""
RARE = 256
"""Up to one mismatch in so many bases, ``coded`` stores ranks like ``zstd``."""


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
        if not residues.size:
            return Coded(settings.parameters(), b"")
        form = FORMS[settings.latent]
        model = form.architecture.chosen(
            settings.model, form.packaged, '"acgz train seqcoder" makes one for --model'
        )
        network = form.network(operations.backend(settings.backend), model)
        d = model.architecture
        with _workers(settings, job) as workers:
            latents = chunks.encode(network, d, residues, workers)
            guesses = chunks.decode(
                network, d, latents, residues.size, workers, job.progress.reached
            )
        wrong = int(np.count_nonzero(guesses.best != residues))
        write = _with_zstd if settings.residual == "zstd" else _coded
        parts = write(form, latents, residues, guesses)
        parameters = {**settings.parameters(), "mismatches": wrong, "models": [model.digest]}
        return Coded(parameters, parts.to_bytes())

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        chosen = SeqCoderSettings.from_parameters(parameters, self.name)
        if not count:
            return np.zeros(0, np.uint8)
        wrong = integer_parameter(parameters, "mismatches", 0, count)
        form = FORMS[chosen.latent]
        model = form.architecture.named(parameters)
        network = form.network(operations.backend(chosen.backend), model)
        parts = Parts.of(payload)
        shape = (chunks.places(model.architecture, count), model.architecture.latents)
        plain = chosen.residual == "zstd"
        latents = (
            form.from_bytes(parts.latents, shape)
            if plain
            else _coded_latents(form, parts.latents, shape)
        )
        with _workers(chosen, job) as workers:
            guesses = chunks.decode(
                network, model.architecture, latents, count, workers, job.progress.reached
            )
        if plain or _few(wrong, count):
            return residues_of_ranks(parts.residual, guesses, wrong)
        return _decoded(parts.residual, guesses.hints)

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        chosen = SeqCoderSettings.from_parameters(parameters, self.name)
        if not count:
            return 0
        d = FORMS[chosen.latent].architecture.named(parameters).architecture
        shape = (chunks.places(d, count), d.latents)
        of_chunk = 64 * d.chunk * max(d.layers)
        needed = MEMORY + 40 * d.attended**2 + chunks.BATCH * of_chunk + 16 * count
        if chosen.residual == "zstd":
            return needed + 2 * shape[0] * shape[1]
        symbols = FORMS[chosen.latent].digits * shape[0] * shape[1]
        return needed + 4 * symbols + quaternary.room(max(count, symbols))


CODEC = _SeqCoder()


def _workers(chosen: SeqCoderSettings, job: Job) -> Workers:
    """A worker for each thread of the job; PyTorch has threads of its own."""
    return Workers(job.threads if chosen.backend == "numpy" else 1)


def _with_zstd(
    form: Form, latents: NDArray[np.uint8], residues: NDArray[np.uint8], guesses: Guesses
) -> Parts:
    """SeqCoder's format: latents and ranks, each with zstd."""
    return Parts(form.to_bytes(latents), ranks_to_bytes(residues, guesses))


def _coded(
    form: Form, latents: NDArray[np.uint8], residues: NDArray[np.uint8], guesses: Guesses
) -> Parts:
    """Latents and bases as symbols of four values under contexts; bases also under the guesses."""
    stream, rest = BitStream(), BitStream()
    hints = form.hints((latents.shape[0], latents.shape[1]))
    quaternary.code_symbols(stream, form.to_symbols(latents).copy(), hints)
    if _few(int(np.count_nonzero(guesses.best != residues)), residues.size):
        return Parts(stream.finish(), ranks_to_bytes(residues, guesses))
    quaternary.code_symbols(rest, residues.copy(), guesses.hints)
    return Parts(stream.finish(), rest.finish())


def _coded_latents(form: Form, data: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    return form.from_symbols(_decoded(data, form.hints(shape)), shape)


def _decoded(data: bytes, hints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    symbols = np.zeros(hints.size, np.uint8)
    quaternary.code_symbols(BitStream(data), symbols, hints)
    return symbols


def _few(wrong: int, count: int) -> bool:
    """Are mismatches so rare that ranks, nearly all 0, are cheaper than a look at every base?"""
    return wrong * RARE <= count
