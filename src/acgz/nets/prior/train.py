"""From genomes, or from a trained Warm-Start network, to the file of a prior."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz import models
from acgz.engine import prior, priors, training
from acgz.errors import InputError
from acgz.layout import split
from acgz.nets.architecture import Network
from acgz.nets.corpus import Corpus
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.prior.cli import PriorPlan
from acgz.nets.training import Report, Run


class Genomes(list[NDArray[np.uint8]]):
    """Residues 0..3 of each file."""

    def __str__(self) -> str:
        return f"{sum(one.size for one in self):,} bases of {len(self)} files"


def read(texts: Iterable[tuple[str, bytes]]) -> Genomes:
    """The A, C, G, T in files: FASTA or raw sequence."""
    return Genomes(split(text).residues for _, text in texts)


def whole(network: Network[WarmStartArchitecture]) -> dict[str, NDArray[Any]]:
    """The arrays of `prior.shapes` for a Warm-Start network; InputError if it is no causal one
    over 3-mers.

    The largest weight of each row of a matrix becomes 127.
    """
    d = network.architecture
    if (d.network, d.s, d.k, d.plain) != ("gru", 3, 3, False) or d.hidden % prior.STEP:
        raise InputError("a prior needs a causal Warm-Start network over 3-mers, units by 32")
    w = {name.split(".", 1)[-1]: a.astype(np.float64) for name, a in network.arrays.items()}
    w |= {name: a.astype(np.float64) for name, a in network.arrays.items()}
    n = d.hidden
    both = np.concatenate([w["weight_ih_l1"], w["weight_hh_l1"]], axis=1)
    matrices = {
        "first": (w["weight_hh_l0"], prior.STATE_SCALE),
        "gates": (both[: 2 * n], prior.STATE_SCALE),
        "below": (w["weight_ih_l1"][2 * n :], prior.STATE_SCALE),
        "above": (w["weight_hh_l1"][2 * n :], prior.STATE_SCALE),
        "head": (np.concatenate([w["linear.weight"], w["dense.weight"]]), prior.STATE_SCALE),
        "output": (w["output.weight"], prior.DENSE_SCALE),
    }
    arrays: dict[str, NDArray[Any]] = {}
    for name, (matrix, scale) in matrices.items():
        unit = prior.WEIGHT_MOST / np.maximum(np.abs(matrix).max(axis=1), 1e-6)
        arrays[name] = np.rint(matrix * unit[:, None]).astype(np.int8)
        arrays[f"{name}.scale"] = (1 / (unit * scale)).astype(np.float32)
    # biases of r and z are one number; that of the state's n stands inside of r's product
    gates = np.repeat([1.0, 0.0], [2 * n, n])
    table = w["embedding.weight"] @ w["weight_ih_l0"].T + w["bias_ih_l0"]
    arrays["table"] = (table + w["bias_hh_l0"] * gates).astype(np.float32)
    second = w["bias_ih_l1"] + w["bias_hh_l1"] * gates
    ends = [w["bias_hh_l1"][2 * n :], w["linear.bias"], w["dense.bias"]]
    bias = np.concatenate([w["bias_hh_l0"][2 * n :], second, *ends])
    arrays["bias"] = bias.astype(np.float32)
    return arrays


def trained(
    genomes: Genomes, architecture: WarmStartArchitecture, plan: PriorPlan, run: Run
) -> bytes:
    """Train a network and what goes with it, write the file; returns its digest."""
    if plan.frozen is not None:
        network = WarmStartArchitecture.read(plan.frozen)
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

    path = run.output.with_name(run.output.name + ".network")
    train.trained(Corpus.of(genomes), architecture, plan, replace(run, output=Path(path)))
    network = WarmStartArchitecture.read(path)
    path.unlink()
    return network
