"""Named arrays that kernels receive as one pointer, and named numbers that cost nothing.

To numba a named tuple of arrays is a value: every call passes each array's pointer, lengths and strides, some six
hundred numbers for the state, which made up half of the engine's compilation.  A *bundle* (:func:`bundle`) is a named
tuple for Python and one pointer to a table of array headers for compiled code; ``st.status`` reads its header where it
is used.  The caller holds the arrays for as long as the call lasts, so their references are not counted within it.  In
a loop over accounts take the arrays out first: a store into one array could be a store into the table, for all LLVM
knows, so that it reads the header again after every store.

*Names* (:func:`names`) are a named tuple of integers whose members are read as constants; numba would write out the
whole tuple wherever one is used.
"""

import hashlib
from functools import cache
from typing import Any, TypeVar

from numba import types
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from flywheel_sim.engine.internals import AttributeTemplate, cgutils, lower_constant

__all__ = ["Bundle", "Names", "bundle", "names"]

T = TypeVar("T")


class Bundle(types.Type):  # type: ignore[misc]
    """numba's type of a bundle: names and types of its arrays; the digest keeps symbols short."""

    def __init__(self, label: str, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        self.position = {field: n for n, (field, _) in enumerate(fields)}
        digest = hashlib.sha256(repr(fields).encode()).hexdigest()[:12]
        super().__init__(f"Bundle_{label}_{digest}")


class Names(types.Type):  # type: ignore[misc]
    """numba's type of named numbers."""

    def __init__(self, label: str, fields: tuple[tuple[str, int], ...]) -> None:
        self.values = dict(fields)
        digest = hashlib.sha256(repr(fields).encode()).hexdigest()[:12]
        super().__init__(f"Names_{label}_{digest}")


def bundle(cls: type[T]) -> type[T]:
    """Let compiled code see this named tuple of arrays as a bundle."""

    @typeof_impl.register(cls)
    def typeof_bundle(value: Any, context: Any) -> Any:
        return Bundle(
            cls.__name__, tuple((f, typeof_impl(v, context)) for f, v in zip(value._fields, value, strict=True))
        )

    return cls


def names(value: T) -> T:
    """Let compiled code see this named tuple of integers as named constants."""

    @typeof_impl.register(type(value))
    def typeof_names(value: Any, context: Any) -> Any:
        return Names(type(value).__name__, tuple(zip(value._fields, map(int, value), strict=True)))

    return value


register_model(Bundle)(models.OpaqueModel)
register_model(Names)(models.OpaqueModel)


@infer_getattr
class _BundleAttribute(AttributeTemplate):  # type: ignore[misc]
    key = Bundle

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        return value.fields[value.position[attr]][1] if attr in value.position else None


@infer_getattr
class _NamesAttribute(AttributeTemplate):  # type: ignore[misc]
    key = Names

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        return types.intp if attr in value.values else None


def _table(context: Any, kind: Bundle) -> Any:
    """Layout of the table behind the pointer."""
    return context.get_value_type(types.Tuple([array for _, array in kind.fields]))


@cache
def _size(context: Any, array: Any) -> int:
    """Bytes of an array's header: all of them numbers of eight, so that no gaps lie between."""
    size: int = context.get_abi_sizeof(context.get_value_type(array))
    return size


@unbox(Bundle)
def _unbox_bundle(kind: Bundle, value: Any, c: Any) -> Any:
    """Take the headers of the arrays; their references are given back when the call is over."""
    table = cgutils.alloca_once(c.builder, _table(c.context, kind))
    error, taken = cgutils.false_bit, []
    for n, (_, array) in enumerate(kind.fields):
        native = c.unbox(array, c.pyapi.tuple_getitem(value, n))
        c.builder.store(native.value, cgutils.gep_inbounds(c.builder, table, 0, n))
        error = c.builder.or_(error, native.is_error)
        taken.append((array, native.value))

    def cleanup() -> None:
        for array, header in taken:
            c.context.nrt.decref(c.builder, array, header)

    pointer = c.builder.bitcast(table, cgutils.voidptr_t)
    return NativeValue(pointer, is_error=error, cleanup=cleanup)


@lower_getattr_generic(Bundle)
def _get_array(context: Any, builder: Any, kind: Bundle, value: Any, field: str) -> Any:
    """One array of a bundle, as an array that owns nothing."""
    n = kind.position[field]
    array = kind.fields[n][1]
    place = sum(_size(context, other) for _, other in kind.fields[:n])  # short: the table's layout is a long text
    at = cgutils.pointer_add(builder, value, place, context.get_value_type(array).as_pointer())
    header = context.make_array(array)(context, builder, value=builder.load(at))
    header.meminfo = context.get_constant_null(types.MemInfoPointer(array.dtype))
    return header._getvalue()


@lower_getattr_generic(Names)
def _get_number(context: Any, builder: Any, kind: Names, value: Any, field: str) -> Any:
    return context.get_constant(types.intp, kind.values[field])


@lower_constant(Names)
def _constant_names(context: Any, builder: Any, kind: Names, value: Any) -> Any:
    return context.get_dummy_value()
