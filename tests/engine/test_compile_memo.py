"""Answers of numba that are kept while the engine is compiled: the same types and code, and nothing left behind."""

import operator

import numba
import numpy as np
import pytest
from numba import types

from flywheel_sim.engine.compile_memo import _ASKED, answers_kept
from flywheel_sim.engine.internals import cpu_target

RECORD = numba.from_dtype(np.dtype([("price", np.float32), ("teams", np.int64, (3,))]))
ARRAY, PLANE = types.float32[:], types.int32[:, ::1]
QUESTIONS = [
    (operator.getitem, ARRAY, types.intp),
    (operator.getitem, PLANE, types.UniTuple(types.intp, 2)),
    (operator.getitem, types.Array(RECORD, 1, "C"), types.uint8),
    (operator.getitem, types.UniTuple(types.intp, 2), types.intp),
    (operator.getitem, types.unicode_type, types.intp),
    (operator.setitem, ARRAY, types.intp, types.float64),
    (operator.add, types.float32, types.float64),
    (operator.add, types.uint8, types.int64),
    (operator.add, ARRAY, types.float64),
    (operator.mul, types.boolean, types.float32),
    (operator.lt, types.int16, types.uint32),
    (operator.eq, types.uint8, types.int64),
    (operator.eq, types.unicode_type, types.unicode_type),
    (operator.lshift, types.uint64, types.int64),
    (operator.and_, types.boolean, types.boolean),
]


def answered(question):
    """What numba makes of an operator and its types."""
    function, *args = question
    typing = cpu_target.typing_context
    cpu_target.target_context.refresh()  # has what it declares loaded
    typing.refresh()
    return typing.resolve_function_type(typing.resolve_value_type(function), tuple(args), {})


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_every_answer_is_the_same(question):
    before = answered(question)
    with answers_kept():
        first, again = answered(question), answered(question)
    assert before is not None and before == first == again == answered(question)


def test_what_no_operator_takes_is_refused_as_before():
    with answers_kept(), pytest.raises(numba.TypingError):
        answered((operator.add, RECORD, types.unicode_type))


def test_nothing_is_left_behind_even_by_an_error():
    def places():
        templates = cpu_target.typing_context.resolve_value_type(operator.getitem).templates
        return [getattr(owner, name) for owner, name in _ASKED], [hasattr(t, "metadata") for t in templates]

    cpu_target.typing_context.refresh()
    before = places()
    with pytest.raises(ValueError, match="stopped"), answers_kept():
        assert places() != before
        raise ValueError("stopped")
    assert places() == before


def test_a_question_is_asked_once():
    with answers_kept():
        assert str(RECORD) == str(RECORD) and repr(RECORD) is repr(RECORD)
    assert repr(RECORD) is not repr(RECORD), "outside, numba writes it out at every call"


def test_machine_code_is_the_same():
    def code():
        @numba.njit(no_cpython_wrapper=True)
        def cost(prices, teams, week):
            total = 0.0
            for k in range(prices.shape[0]):
                if prices[k] > week:
                    total += prices[k] * teams[k, 1]
            return min(total, 3.0)

        cost.compile((ARRAY, PLANE, types.intp))
        (text,) = cost.inspect_llvm().values()
        return [line for line in text.splitlines() if line.startswith("  ") and "@" not in line]

    plain = code()
    with answers_kept():
        kept = code()
    assert kept == plain and len(plain) > 20
