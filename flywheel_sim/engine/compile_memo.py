"""Answers that numba works out anew at every call, kept for as long as the engine is compiled.

numba asks the same questions thousands of times over: how a record is written out (for each pass over each function,
for logs that nobody reads), how large a type is, which loop a ufunc would take, in which order to try what has been
declared of an operator.  Each answer depends on nothing but the question.  And it asks every overload of ``a[i]`` or
``a < b``, of sets, texts and dictionaries, before it looks at what it has declared itself, of arrays and numbers.
"""

import operator
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from flywheel_sim.engine.internals import base, context, cpu_target, functions, npydecl, types, utils

__all__ = ["answers_kept"]

#: What is asked again and again: where a function is looked up, and its name there.
_ASKED: tuple[tuple[Any, str], ...] = (
    (functions.BaseFunction, "get_call_type"),
    (types.Record, "__repr__"),
    (base.BaseContext, "get_abi_sizeof"),
    (base, "_has_loc"),
    (utils, "order_by_target_specificity"),
    (context, "order_by_target_specificity"),
    (npydecl, "ufunc_find_matching_loop"),
)
_OPERATORS: tuple[Any, ...] = (
    operator.getitem,
    operator.setitem,
    *(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod),
    *(operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift),
)


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that answers each question once; lists and mappings count by what is in them."""
    answers: dict[Any, Any] = {}

    def answer(*asked: Any, **named: Any) -> Any:
        question = (*map(_fixed, asked), *named.items())
        if question not in answers:
            answers[question] = function(*asked, **named)
        return answers[question]

    return answer


def _fixed(one: Any) -> Any:
    return tuple(one) if isinstance(one, list) else tuple(one.items()) if isinstance(one, dict) else one


@contextmanager
def answers_kept() -> Iterator[None]:
    """Keep answers of numba, and have it ask about arrays and numbers before anything else, until the block ends.

    Types and machine code are the same with and without.

    Examples
    --------
    >>> with answers_kept():
    ...     pass
    """
    typing = cpu_target.typing_context
    typing.refresh()
    with ExitStack() as undone:
        for owner, name in _ASKED:
            undone.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, _kept(getattr(owner, name)))
        for function in _OPERATORS:
            for template in typing.resolve_value_type(function).templates:
                if not hasattr(template, "metadata"):
                    undone.callback(delattr, template, "metadata")
                    template.metadata = {"target": "cpu"}
        yield
