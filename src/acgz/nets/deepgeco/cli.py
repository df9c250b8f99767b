"""``acgz train warm-start``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from acgz.nets.cli import Trainer
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.settings import WarmStartPlan


class _WarmStart(Trainer):
    name = "warm-start"
    help = "the static network of deepgeco"
    description = """\
Trains the Warm-Start network of the deepgeco modes on FILES: FASTA or raw sequence, also
compressed. One piece of 32 kb in 64 is held out; its bits/base are printed after each epoch. The
state is kept beside the output after each epoch: --resume goes on from there. Needs PyTorch."""
    architecture = WarmStartArchitecture
    plan = WarmStartPlan
    work = "acgz.nets.deepgeco.train"

    def sized(
        self, given: Mapping[str, Any], plan: WarmStartPlan, files: Sequence[str]
    ) -> WarmStartArchitecture:
        """As many units as the network to start with, if nothing else is said."""
        if plan.start is not None:
            theirs = WarmStartArchitecture.read(plan.start).architecture
            given = {"hidden": theirs.hidden, **given}
        return WarmStartArchitecture.of(given, f"train {self.name}")


TRAINER = _WarmStart()
