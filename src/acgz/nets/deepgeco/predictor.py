"""DeepGeCo as a predictor: Warm-Start and Supporter mixed, or either of them alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding.predictor import equal_frequencies, precision_for
from acgz.nets.deepgeco.alphabet import Alphabet
from acgz.nets.deepgeco.mixer import Delta, gamma, mix
from acgz.nets.deepgeco.operations import DeepGeCoOperations
from acgz.nets.deepgeco.supporter import Supporter
from acgz.nets.deepgeco.warm_start import WarmStart
from acgz.nets.exact import operations
from acgz.nets.exact.operations import Array


class DeepGeCo:
    """DeepGeCo as an `acgz.coding.predictor.Predictor`.

    MINI is a Warm-Start network without a Supporter, PLUS and ULTRA have both, and the
    ablation "without Module 2, 3" has the Supporter alone. Each joins in when a lane has as
    many symbols as its context; as long as none has, probabilities are equal.
    """

    def __init__(
        self,
        ops: DeepGeCoOperations,
        alphabet: Alphabet,
        lanes: int,
        warm: WarmStart | None,
        supporter: Supporter | None,
        delta: Delta,
        warm_batches: int = 0,
        pace: int = 1,
    ) -> None:
        """``warm_batches``: see `acgz.nets.deepgeco.mixer`. The Supporter learns after one of
        ``pace`` batches."""
        self.alphabet = alphabet.size
        self.precision = precision_for(alphabet.size)
        self._ops = ops
        self._alphabet = alphabet
        self._warm = warm
        self._supporter = supporter
        self._warm_batches = warm_batches
        self._pace = pace
        columns = alphabet.columns
        self._columns = None if columns is None else ops.array(columns)
        self._delta = delta
        self._step = 0  # symbols of each lane that have been coded
        self._kmers = np.zeros(lanes, np.uint16)  # the last ones
        self._context = supporter.context if supporter else 0
        self._window = np.zeros((lanes, self._context), np.int64)  # dense numbers, the last last
        equal = np.array(equal_frequencies(alphabet.size, self.precision), np.uint32)
        self._equal = np.tile(equal, (lanes, 1))
        self._logits: tuple[Array, Array | None] | None = None  # own, warm
        self._counts: Array | None = None

    def frequencies(self) -> NDArray[np.uint32]:
        own = self._own_logits()
        warm = self._warm_logits()
        if own is None and warm is None:
            return self._equal
        self._counts = self._ops.counts(self._mixed(own, warm))
        if own is not None:
            self._logits = own, warm
        return operations.frequencies(self._ops.numpy(self._counts), self.precision)

    def update(self, symbols: NDArray[np.integer]) -> None:
        if self._logits is not None and self._step % self._pace == 0:
            self._learn(*self._logits, symbols)
        self._logits = None
        self._kmers = self._alphabet.kmers(self._kmers, symbols)
        self._step += 1
        if self._warm is not None and self._warm_is_needed():
            self._warm.advance(self._kmers)
        if self._supporter is not None:
            number = self._alphabet.vocabulary.number(self._kmers).astype(np.int64)
            self._window = np.concatenate([self._window[:, 1:], number[:, None]], axis=1)

    def _warm_is_needed(self) -> bool:
        return self._supporter is None or self._step < self._warm_batches

    def _own_logits(self) -> Array | None:
        if self._supporter is None or self._step < self._context:
            return None
        return self._supporter.logits(self._window)

    def _warm_logits(self) -> Array | None:
        if self._warm is None or not self._warm_is_needed() or self._step < self._warm.context:
            return None
        logits = self._warm.logits()
        return logits if self._columns is None else logits[:, self._columns]

    def _gamma(self, delta: float) -> float:
        return gamma(self._step + 1, self._warm_batches, delta)

    def _mixed(self, own: Array | None, warm: Array | None) -> Array:
        """Logits of equation (2), or those of the one that there is."""
        if own is None or warm is None:
            return warm if own is None else own
        return mix(warm, own, self._gamma(self._delta.value))

    def _learn(self, own: Array, warm: Array | None, symbols: NDArray[np.integer]) -> None:
        """Cross-entropy of the mixed prediction, equation (4), plus that of the Supporter's."""
        assert self._supporter is not None  # noqa: S101
        ops = self._ops
        truth = np.zeros(own.shape, np.float32)
        truth[np.arange(symbols.size), symbols] = 1
        truth = ops.array(truth)
        error = ops.single(operations.softmax(self._counts)) - truth
        if warm is None:
            gradient = error + error
        else:
            share = self._gamma(self._delta.value)
            alone = ops.single(operations.softmax(ops.counts(own))) - truth
            gradient = error * float(np.float32(1.0 - share)) + alone
            by_gamma = ops.total(ops.total(error * (warm - own), 1)[None], 1)
            self._delta.learn(self._gamma(0.0), float(by_gamma[0]))
        self._supporter.learn(gradient)
