"""One instruction Python has no word for: ask the memory for an element that will be needed soon."""

from typing import Any

from numba import types
from numba.extending import intrinsic

from flywheel_sim.engine.internals import cgutils

__all__ = ["prefetch"]

_build: Any = cgutils


def _prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for ``array[index]`` of a one-dimensional array; nothing is read, and nothing waits."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = signature.args[0]
        held = context.make_array(kind)(context, builder, values[0])
        place = _build.get_item_pointer(context, builder, kind, held, [values[1]], wraparound=False)
        place = builder.bitcast(place, _build.voidptr_t)
        number = _build.ir.IntType(32)
        instruction = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [_build.voidptr_t],
            _build.ir.FunctionType(_build.ir.VoidType(), [_build.voidptr_t] + [number] * 3),
        )
        builder.call(instruction, [place, number(0), number(3), number(1)])  # to be read, kept, data
        return context.get_dummy_value()

    return types.void(array, types.intp), code


#: ``prefetch(array, index)`` asks for an element of a one-dimensional array; nothing is read, and nothing waits.
prefetch: Any = intrinsic(_prefetch)
