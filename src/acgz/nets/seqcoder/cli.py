"""``acgz train seqcoder``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from acgz.nets.architecture import Architecture
from acgz.nets.cli import Trainer
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture
from acgz.nets.seqcoder.settings import SeqCoderPlan


class Named(Trainer):
    """Its networks name the files that they were trained on."""

    def sized(self, given: Mapping[str, Any], plan: Any, files: Sequence[str]) -> Architecture:
        names = ", ".join(Path(file).name for file in files)
        return self.architecture.of({**given, "trained_on": names}, f"train {self.name}")


class _SeqCoder(Named):
    name = "seqcoder"
    help = "the autoencoder of seqcoder"
    description = """\
Trains the autoencoder of the mode seqcoder on FILES: FASTA or raw sequence, also compressed. One
piece of 32 kb in 64 is held out; after each epoch a line says what latents and mismatches of it
cost, in bits/base. The state is kept beside the output: --resume goes on from there. Needs
PyTorch."""
    architecture = SeqCoderArchitecture
    plan = SeqCoderPlan
    work = "acgz.nets.seqcoder.train"


TRAINER = _SeqCoder()
