"""Changes bytes, and trees of what msgpack knows, as an enemy or a broken disk would."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

NUMBERS = (0, 1, 2, 3, 7, 8, 31, 63, 64, 127, 128, 255, 256, 1 << 15, 1 << 16, 1 << 24, 1 << 31)
NUMBERS += ((1 << 32) - 1, 1 << 32, 1 << 40, 1 << 62, (1 << 63) - 1, (1 << 64) - 1)
"""Where integers of some width begin and end."""
OTHERS = (None, True, False, -1, 0.5, float("nan"), float("inf"), "", "x", b"", b"\0", [], [0], {})


def changed_bytes(data: bytes, choose: random.Random) -> bytes:
    """``data`` after one to four small changes; seldom the same."""
    out = bytearray(data)
    for _ in range(choose.choice((1, 1, 1, 2, 4))):
        choose.choice(_BYTE_CHANGES)(out, choose)
    return bytes(out)


def _flip(out: bytearray, choose: random.Random) -> None:
    if out:
        out[choose.randrange(len(out))] ^= 1 << choose.randrange(8)


def _replace(out: bytearray, choose: random.Random) -> None:
    if out:
        out[choose.randrange(len(out))] = choose.choice(
            (0, 1, 127, 128, 255, choose.getrandbits(8))
        )


def _insert(out: bytearray, choose: random.Random) -> None:
    at = choose.randint(0, len(out))
    out[at:at] = choose.randbytes(choose.choice((1, 1, 2, 4, 8)))


def _delete(out: bytearray, choose: random.Random) -> None:
    at = choose.randint(0, len(out))
    del out[at : at + choose.choice((1, 1, 2, 4, 8))]


def _cut(out: bytearray, choose: random.Random) -> None:
    del out[choose.randint(0, len(out)) :]


def _repeat(out: bytearray, choose: random.Random) -> None:
    at, size = choose.randint(0, len(out)), choose.randint(1, 16)
    out[at:at] = out[at : at + size]


_BYTE_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _flip, _replace, _replace),
    *(_insert, _delete, _cut, _repeat),
)


def changed_tree(tree: Any, choose: random.Random) -> Any:
    """A copy of ``tree`` (lists, maps, text, bytes, numbers) with one node changed."""
    if isinstance(tree, list | tuple) and tree and choose.random() < 0.85:
        items = list(tree)
        at = choose.randrange(len(items))
        kind = choose.random()
        if kind < 0.8:
            items[at] = changed_tree(items[at], choose)
        elif kind < 0.87:
            del items[at]
        elif kind < 0.94:
            items.insert(at, items[choose.randrange(len(items))])
        else:
            other = choose.randrange(len(items))
            items[at], items[other] = items[other], items[at]
        return items
    if isinstance(tree, dict) and tree and choose.random() < 0.85:
        name = choose.choice(list(tree))
        if choose.random() < 0.1:
            return {key: value for key, value in tree.items() if key != name}
        return {**tree, name: changed_tree(tree[name], choose)}
    return _changed_leaf(tree, choose)


def _changed_leaf(leaf: Any, choose: random.Random) -> Any:
    if choose.random() < 0.2:
        return choose.choice((*OTHERS, *NUMBERS))
    if isinstance(leaf, bytes):
        return changed_bytes(leaf, choose)
    if isinstance(leaf, str):
        return changed_bytes(leaf.encode("utf-8", "surrogateescape"), choose).decode(
            "utf-8", "surrogateescape"
        )
    if isinstance(leaf, int):
        return choose.choice((leaf + choose.choice((-1, 1, 8)), leaf * 2, choose.choice(NUMBERS)))
    return choose.choice((*OTHERS, *NUMBERS))
