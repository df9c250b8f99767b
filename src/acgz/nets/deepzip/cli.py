"""``acgz train deepzip``."""

from __future__ import annotations

from acgz.nets.cli import Trainer
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.settings import DeepZipPlan


class _DeepZip(Trainer):
    name = "deepzip"
    help = "the recurrent networks of deepzip"
    description = """\
Trains a network of the mode deepzip on FILES: FASTA or raw sequence, also compressed. It goes to
--model of the same network. One piece of 32 kb in 64 is held out; its bits/base are printed after
each epoch. The state is kept beside the output after each epoch: --resume goes on from there.
(--fit of acgz compress trains on the very input instead.) Needs PyTorch."""
    architecture = DeepZipArchitecture
    plan = DeepZipPlan
    work = "acgz.nets.deepzip.train"


TRAINER = _DeepZip()
