"""The same layouts, texts and refusals without a compiler, and with every index checked."""

from __future__ import annotations

import pytest
from layout_report import report
from layout_texts import TEXTS

from machines import BOUNDS_CHECKED, WITHOUT_COMPILER, Environment
from paths import TESTS

# How many damaged layouts of which texts; without a compiler, a header takes seconds.
FEW = {"runs": 6, "odd": 1, "verbatim": 5}
MANY = dict.fromkeys(TEXTS, 40)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "amounts"),
    [(WITHOUT_COMPILER, FEW), (BOUNDS_CHECKED, MANY)],
    ids=["without a compiler", "with every index checked"],
)
def test_layouts_and_refusals_are_the_same(
    environment: Environment, amounts: dict[str, int]
) -> None:
    code = (
        f"import sys; sys.path.append({str(TESTS / 'layout')!r})\n"
        f"from layout_report import report; print(*report({amounts}), sep=chr(10))"
    )
    assert environment.run(["-c", code]).splitlines() == report(amounts)
