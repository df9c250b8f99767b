"""From genomes, or from a trained Warm-Start network, to the file of a prior."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acgz import models
from acgz.engine import priors, training
from acgz.layout import split
from acgz.nets.architecture import Network
from acgz.nets.corpus import Corpus
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.prior.cli import PriorPlan
from acgz.nets.prior.weights import network_in, whole
from acgz.nets.training import Report, Run


class Genomes(list[NDArray[np.uint8]]):
    """Residues 0..3 of each file."""

    def __str__(self) -> str:
        return f"{sum(one.size for one in self):,} bases of {len(self)} files"


def read(texts: Iterable[tuple[str, bytes]]) -> Genomes:
    """The A, C, G, T in files: FASTA or raw sequence."""
    return Genomes(split(text).residues for _, text in texts)


def trained(
    genomes: Genomes, architecture: WarmStartArchitecture, plan: PriorPlan, run: Run
) -> bytes:
    """Train a network and what goes with it, write the file; returns its digest."""
    if plan.frozen is not None:
        network = network_in(plan.frozen)
    else:
        network = _trained_network(genomes, architecture, plan, run)
    arrays = whole(network)
    pieces = training.pieces_of(genomes, plan.pieces, plan.seed)

    def report(done: int, bits: float) -> None:
        run.report(Report(done, len(pieces), bits, bits if done == len(pieces) else None, 0.0))

    arrays |= training.train(arrays, pieces, report)
    sizes = {"units": arrays["below"].shape[0], "dense": arrays["output"].shape[1]}
    return models.write(run.output, {"kind": priors.KIND, **sizes}, arrays)


def _trained_network(
    genomes: Genomes, architecture: WarmStartArchitecture, plan: PriorPlan, run: Run
) -> Network[WarmStartArchitecture]:
    from acgz.nets.deepgeco import train

    start = None if plan.start is None else network_in(plan.start)
    path = run.output.with_name(run.output.name + ".network")
    goal = replace(run, output=Path(path))
    train.trained(Corpus.of(genomes), architecture, plan, goal, start)
    network = WarmStartArchitecture.read(path)
    path.unlink()
    return network
