"""``acgz train prior``: what the engine knows of genomes before it reads one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acgz.nets.cli import Trainer
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.settings import WarmStartPlan
from acgz.settings import setting


@dataclass(frozen=True)
class PriorPlan(WarmStartPlan):
    """How the network is trained, and the mixer after it."""

    frozen: str | None = setting(
        None,
        "a trained Warm-Start network, or that of a prior, to take as it is",
        flag="--frozen",
        metavar="PATH",
    )
    pieces: int = setting(24, "of genomes, to train the mixer on", least=1, flag="--pieces")


class _Prior(Trainer):
    name = "prior"
    help = "what plus and ultra know beforehand"
    description = """\
Trains a prior of plus and ultra on FILES: FASTA or raw sequence, also compressed. First a causal
Warm-Start network over 3-mers, as acgz train warm-start does (96 units, if nothing else is said),
then, on pieces of the same files, the mixer and all that starts trained. --start and --frozen take
the files of priors as well as those of acgz train warm-start. Needs PyTorch."""
    architecture = WarmStartArchitecture
    plan = PriorPlan
    work = "acgz.nets.prior.train"

    def sized(
        self, given: Mapping[str, Any], plan: PriorPlan, files: Sequence[str]
    ) -> WarmStartArchitecture:
        """A network of 96 units, or the sizes of the one to start with, if nothing else is said."""
        sizes = {"hidden": 96}
        if plan.start is not None:
            from acgz.nets.prior.weights import network_in

            theirs = network_in(plan.start).architecture
            sizes = {name: getattr(theirs, name) for name in ("hidden", "embedding", "dense")}
        return WarmStartArchitecture.of({**sizes, **given}, f"train {self.name}")


TRAINER = _Prior()
