"""``acgz train geneformer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from acgz.nets.cli import Trainer
from acgz.nets.geneformer.architecture import GeneFormerArchitecture
from acgz.nets.geneformer.settings import GeneFormerPlan


class _GeneFormer(Trainer):
    name = "geneformer"
    help = "the transformer encoder of geneformer"
    description = """\
Trains a GeneFormer network on the records of FILES (FASTA, also compressed). Each file is a data
set: of ten records in turn seven are trained on, two choose the best network, one is left for a
test (acgz bench --suite geneformer). Several files are a hybrid training: every batch has its
share of each. Bits/base of the validation are printed after each epoch; the output is the network
that was best so far. The state is kept beside it: --resume goes on from there. Needs PyTorch."""
    architecture = GeneFormerArchitecture
    plan = GeneFormerPlan
    work = "acgz.nets.geneformer.train"

    def sized(
        self, given: Mapping[str, Any], plan: GeneFormerPlan, files: Sequence[str]
    ) -> GeneFormerArchitecture:
        """A head for 64 dimensions, or the sizes of the network to start with, if nothing else
        is said."""
        names = ", ".join(Path(file).name for file in files)  # where they lie is nobody's business
        usual = {"heads": max(1, given.get("dimension", 768) // 64), "data": names}
        if plan.start is not None:
            theirs = GeneFormerArchitecture.read(plan.start).architecture
            sizes = ("dimension", "heads", "latent", "segments")
            usual |= {name: getattr(theirs, name) for name in sizes}
        return GeneFormerArchitecture.of({**usual, **given}, f"train {self.name}")


TRAINER = _GeneFormer()
