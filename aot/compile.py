"""Machine code for one level of processor: ``python aot/compile.py SEEN LEVEL FOLDER``.

Writes an object file for every kernel and signature that the rehearsal has seen, and their part
of the manifest. Numba takes the processor from the environment when it is imported. For another
kind of machine than this one, its LLVM translates what Numba has made here: types have the same
sizes on all of `LEVELS`.
"""

from __future__ import annotations

import json
import pickle
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import target
from rehearsal import Seen

from acgz.compiled import LEVELS, Level


def compile_all(seen: dict[str, dict[str, Seen]], level: Level, folder: Path) -> None:
    """Write ``folder/NUMBER.o`` for each signature, and ``folder/kernels.json``."""
    from llvmlite import binding as llvm
    from numba.core import compiler  # noqa: F401
    from numba.core.dispatcher import _FunctionCompiler

    _FunctionCompiler._customize_flags = _bare
    if target.machine() == target.HERE:
        triple = llvm.get_process_triple()
    else:
        triple = target.triple(target.machine())
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(triple).create_target_machine(
        cpu=level.cpu, features=level.features, opt=3, reloc="pic", codemodel="default"
    )
    kernels: dict[str, dict[str, Any]] = {}
    number = 0
    for name, signatures in sorted(seen.items()):
        for described, one in sorted(signatures.items()):
            symbol = f"acgz_{number}"
            result, module = _compiled(one, symbol)
            if target.machine() != target.HERE:
                module = _translated(module, triple, str(machine.target_data))
            (folder / f"{number}.o").write_bytes(machine.emit_object(module))
            kernels.setdefault(name, {})[described] = {"symbol": symbol, "result": result}
            number += 1
    (folder / "kernels.json").write_text(json.dumps(kernels))


def _bare(self: Any, flags: Any) -> Any:
    """Flags of a kernel that uses nothing of Numba's runtime."""
    flags.nrt = False
    return flags


def _compiled(one: Seen, symbol: str) -> tuple[str | None, Any]:
    """Name of the result's class in ctypes, and the module with the kernel and its entry."""
    from llvmlite import binding as llvm
    from numba.core import compiler

    dispatcher = getattr(import_module(one.module), one.name)
    inner = dispatcher._compiler
    flags = compiler.Flags()
    inner.targetdescr.options.parse_as_flags(flags, inner.targetoptions)
    flags.nrt = False
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    made = compiler.compile_extra(
        inner.targetdescr.typing_context,
        inner.targetdescr.target_context,
        dispatcher.py_func,
        args=one.types,
        return_type=None,
        flags=flags,
        locals={},
        pipeline_class=inner.pipeline_class,
    )
    made.library._ensure_finalized()
    module = llvm.parse_bitcode(made.library._final_module.as_bitcode())
    kernel = made.fndesc.llvm_func_name
    for thing in (*module.functions, *module.global_variables):
        if not thing.is_declaration and thing.linkage.name not in ("internal", "private"):
            thing.visibility = "hidden"
    parameters = [str(argument.type) for argument in module.get_function(kernel).arguments]
    entry = llvm.parse_assembly(_entry(kernel, symbol, parameters, _flat(one.types)))
    entry.triple = module.triple
    entry.data_layout = module.data_layout
    module.link_in(entry)
    module.verify()
    _refuse_loose_floats(str(module))
    result = made.signature.return_type
    return _result(result), module


def _refuse_loose_floats(text: str) -> None:
    """ValueError if a compiler may fuse or reorder what a module does with floats."""
    loose = (
        r"@llvm\.(?:fma|fmuladd)\b|= f(?:add|sub|mul|div|neg) (?:fast|contract|reassoc|arcp|afn)\b"
    )
    if found := re.search(loose, text):
        raise ValueError(f"a kernel has floats of loose rules: {found[0]}")


def _translated(module: Any, triple: str, layout: str) -> Any:
    """A module for another kind of machine; ValueError if it holds instructions of this one."""
    from llvmlite import binding as llvm

    text = str(module)
    if own := sorted(set(re.findall(r"@llvm\.(?:x86|aarch64)\.[\w.]*", text))):
        raise ValueError(f"a kernel uses {', '.join(own)}, which is of one kind of machine")
    text = re.sub(r"^target triple = .*$", f'target triple = "{triple}"', text, flags=re.M)
    text = re.sub(r"^target datalayout = .*$", f'target datalayout = "{layout}"', text, flags=re.M)
    text = re.sub(r'"(?:target-cpu|target-features|tune-cpu)"="[^"]*"', "", text)
    translated = llvm.parse_assembly(text)
    translated.verify()
    return translated


def _result(kind: Any) -> str | None:
    from numba.core import types

    if kind == types.none:
        return None
    if kind == types.boolean:
        return "bool"
    if isinstance(kind, types.Integer):
        return kind.name
    if kind in (types.float32, types.float64):
        return {"float32": "float", "float64": "double"}[kind.name]
    raise TypeError(f"a kernel that is called from Python must not return {kind}")


def _flat(kinds: Any) -> list[Any]:
    """Types of the numbers and arrays in (tuples of) arguments."""
    from numba.core import types

    flat = []
    for kind in kinds:
        flat += _flat(kind.types) if isinstance(kind, types.BaseTuple) else [kind]
    return flat


def _entry(kernel: str, symbol: str, parameters: list[str], flat: list[Any]) -> str:
    """LLVM code of a function that takes the block of memory and calls the kernel.

    Numba passes an array as two pointers for its own memory, both null here, number of items,
    size of an item, data, shape and strides. It stores the result, None too, which a caller may
    not want.
    """
    from numba.core import types
    from numba.np.numpy_support import as_dtype

    lines = []
    passed = ["ptr %returned", "ptr %exception"]
    expected = ["ptr", "ptr"]

    def load(kind: str, base: str, offset: int) -> str:
        name = f"%v{len(lines)}"
        lines.append(f"{name}p = getelementptr i8, ptr {base}, i64 {offset}")
        lines.append(f"{name} = load {kind}, ptr {name}p")
        return name

    def give(kind: str, value: str) -> None:
        passed.append(f"{kind} {value}")
        expected.append(kind)

    for slot, kind in enumerate(flat):
        if not isinstance(kind, types.Array):
            own = parameters[len(expected)]
            give(own, load(own, "%block", 8 * slot))
            continue
        fields = load("ptr", "%block", 8 * slot)
        data = load("ptr", fields, 0)
        shape = load("ptr", fields, 16)
        strides = load("ptr", fields, 24)
        lengths = [load("i64", shape, 8 * k) for k in range(kind.ndim)]
        steps = [load("i64", strides, 8 * k) for k in range(kind.ndim)]
        items = "1"
        for length in lengths:
            lines.append(f"%n{len(lines)} = mul i64 {items}, {length}")
            items = lines[-1].split()[0]
        give("ptr", "null")
        give("ptr", "null")
        give("i64", items)
        give("i64", str(as_dtype(kind.dtype).itemsize))
        give("ptr", data)
        for value in lengths + steps:
            give("i64", value)
    if expected != parameters:
        raise TypeError(f"{kernel} takes {parameters}, not {expected}")
    return "\n".join(
        [
            f'declare i32 @"{kernel}"({", ".join(parameters)})',
            f"define i32 @{symbol}(ptr %block, ptr %result) {{",
            "%exception = alloca ptr",
            "%nothing = alloca ptr",
            "%given = icmp ne ptr %result, null",
            "%returned = select i1 %given, ptr %result, ptr %nothing",
            *lines,
            f'%status = call i32 @"{kernel}"({", ".join(passed)})',
            "ret i32 %status",
            "}",
        ]
    )


if __name__ == "__main__":
    seen_path, level_name, out = sys.argv[1:]
    (chosen,) = [one for one in LEVELS[target.machine()] if one.name == level_name]
    compile_all(pickle.loads(Path(seen_path).read_bytes()), chosen, Path(out))
