"""``acgz train seqcoder-twobit``."""

from __future__ import annotations

from acgz.nets.seqcoder.cli import Named
from acgz.nets.seqcoder.twobit.architecture import TwoBitArchitecture
from acgz.nets.seqcoder.twobit.settings import TwoBitPlan


class _TwoBit(Named):
    name = "seqcoder-twobit"
    help = "the network of seqcoder --latent twobit"
    description = """\
Trains the network of the mode seqcoder with --latent twobit on FILES: FASTA or raw sequence, also
compressed. Its latent values begin as the bases, and stay so. One piece of 32 kb in 64 is held
out; after each epoch a line says what latents and mismatches of it cost, in bits/base. The state
is kept beside the output: --resume goes on from there. Needs PyTorch."""
    architecture = TwoBitArchitecture
    plan = TwoBitPlan
    work = "acgz.nets.seqcoder.twobit.train"


TRAINER = _TwoBit()
