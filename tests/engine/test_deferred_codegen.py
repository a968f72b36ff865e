"""Functions that are linked into kernels count no references of arrays they only borrow, and lose no memory."""

import re

import numba
import numpy as np
from numba.core.runtime import _nrt_python as counters
from numba.core.runtime import rtsys

from flywheel_sim.engine.jit import inlined, step


@inlined
def add_where(a, b, k):
    """Borrow two arrays, with a branch between."""
    if a[k] > 0.0:
        b[k] += a[k]
    return b[k]


@step
def half_of(a):
    """Borrow an array, and take a view of it."""
    view = a[: a.shape[0] // 2]
    return view.sum()


@step
def sum_of_copy(a):
    """Own an array."""
    copy = np.empty(a.shape[0])
    for k in range(a.shape[0]):
        copy[k] = a[k]
    return half_of(copy)


@step
def rest_of(a):
    """Return an array."""
    return a[1:]


@step
def sum_of_rest(a):
    """Be given an array by a callee."""
    return rest_of(a).sum()


@numba.njit
def everything(a):
    total = sum_of_rest(a) + sum_of_copy(a)
    b = np.zeros(a.shape[0])
    for k in range(a.shape[0]):
        total += add_where(a, b, k)
    return total


def counts(function):
    """References that a function's own code counts."""
    (compiled,) = function.overloads.values()
    text = compiled.library.get_llvm_str()
    own = re.search(rf"define [^\n]*@{re.escape(compiled.fndesc.llvm_func_name)}\(.*?\n}}", text, re.S)
    return len(re.findall(r"call void @NRT_(?:in|de)cref", own.group(0)))


def test_who_only_borrows_counts_nothing_and_nothing_is_lost():
    a = np.arange(10.0)
    right = a[1:].sum() + a[:5].sum() + a.sum()
    assert everything(a) == right
    assert counts(add_where) == counts(half_of) == 0
    assert counts(sum_of_copy) > 0 and counts(sum_of_rest) > 0
    counters.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    for _ in range(50):
        assert everything(a) == right
    after = rtsys.get_allocation_stats()
    counters.memsys_disable_stats()
    assert after.alloc - before.alloc == after.free - before.free > 0
