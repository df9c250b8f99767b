"""What every residue costs: the engine codes a sequence and tells how likely it took each one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job
from acgz.coding import range_coder
from acgz.engine import adaptation, engine
from acgz.engine.codec import CODEC
from acgz.engine.correction import PRECISION
from acgz.engine.lanes import EPOCH
from acgz.engine.settings import EngineSettings


def bits(
    residues: NDArray[np.uint8], settings: EngineSettings, job: Job | None = None
) -> NDArray[np.float32]:
    """Bits for each of the ``residues`` (n,), in one lane; their sum is that of the stream.

    Raises what `EngineCodec.encode` raises.
    """
    job = job or Job()
    start = CODEC.start(residues, settings)
    before, count = start.before, start.residues.size
    made = engine.make(start.parts, count, before, start.arrays)
    noted = start.dictionary.residues.size
    engine.note(made, start.residues, noted)
    engine.absorb(made, start.residues, noted, noted, before)
    learner = adaptation.of(made, start.arrays)
    shares = np.zeros(count, np.int32)
    stream = np.empty(engine.room(count - before), np.uint8)
    coder = range_coder.new_encoder()
    for first in range(before, count, EPOCH):
        last = min(first + EPOCH, count)
        engine.run(made, start.residues, first, last, stream, coder, False, shares)
        if learner is not None:
            learner.turn()
        job.progress.reached(last - before)
    return (PRECISION - np.log2(shares[before:])).astype(np.float32)
