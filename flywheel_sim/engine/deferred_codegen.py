"""Parts of a kernel are optimised with it, not before it.

By default numba optimises every function and turns it into machine code of its own, links the result into its callers,
and optimises it there again, level by level.  No part of a kernel is ever called from Python, so all of that is wasted
but the last time.  :class:`DeferredCodegen` is numba's compiler with a lowering whose result is only linked: simplified
function by function, but optimised as a whole, and made machine code, with the kernel it ends in.

A function that allocates no array and returns none cannot outlive the arrays it is given: whoever calls it holds them.
So it counts no references, which numba would do for each array at each call, by an atomic addition and a subtraction.
"""

from typing import Any

from flywheel_sim.engine.internals import (
    CompilerBase,
    DefaultPassBuilder,
    InlineClosureLikes,
    JITCodeLibrary,
    Lower,
    NativeLowering,
    NopythonRewrites,
    register_pass,
)

__all__ = ["DeferredCodegen"]

_NEEDLESS = (InlineClosureLikes, NopythonRewrites)  # for closures and whole-array expressions: no part has any


def _borrows(state: Any) -> bool:
    """Return whether a function owns no array: it makes none, no callee returns one to it, and it returns none."""
    returned = [
        signature.return_type for expr, signature in state.calltypes.items() if getattr(expr, "op", "") == "call"
    ]
    models = state.targetctx.data_model_manager
    return not any(models[kind].contains_nrt_meminfo() for kind in [state.return_type, *returned])


def _counts(instruction: Any) -> bool:
    """Return whether an instruction counts a reference."""
    callee = getattr(instruction, "callee", None)
    return getattr(callee, "name", "") in ("NRT_incref", "NRT_decref")


class _NoEnvironment:
    """numba's code generator, without the pointer it would write into machine code that is not there."""

    def __init__(self, codegen: Any) -> None:
        self._codegen = codegen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)

    def set_env(self, name: str, env: Any) -> None:
        """Nothing to be done."""


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """Code that exists to be linked into a kernel."""

    borrows = False

    def add_ir_module(self, ir_module: Any) -> None:
        """Take a function, without the counting of references where it can own none."""
        if self.borrows:
            for function in ir_module.functions:
                for block in function.blocks:
                    block.instructions[:] = [i for i in block.instructions if not _counts(i)]
        super().add_ir_module(ir_module)

    @property
    def codegen(self) -> Any:
        """What made this library."""
        return _NoEnvironment(self._codegen)

    def _optimize_final_module(self) -> None:
        """Leave it to the kernel."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No machine code, no address."""
        self._ensure_finalized()
        return 0


class _Borrower(Lower):  # type: ignore[misc]
    """Code of a function that owns no array: numba would count references only for :class:`_Library` to leave out."""

    def incref(self, typ: Any, val: Any) -> None:
        """Nothing is owned."""

    def decref(self, typ: Any, val: Any) -> None:
        """Nothing is owned."""


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):  # type: ignore[misc]
    _name = "deferred_codegen"
    lowering_class: Any = Lower

    def run_pass(self, state: Any) -> Any:
        state.library = _Library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.borrows = _borrows(state)
        self.lowering_class = _Borrower if state.library.borrows else Lower
        return super().run_pass(state)


class DeferredCodegen(CompilerBase):  # type: ignore[misc]
    """numba's compiler for functions that are linked into a kernel."""

    def define_pipelines(self) -> list[Any]:
        """The default passes but those that have nothing to do, with another last step."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        kept = [(step, text) for step, text in passes.passes if step not in _NEEDLESS]
        passes.passes = [(_Lowering, text) if step is NativeLowering else (step, text) for step, text in kept]
        passes._finalized = False
        passes.finalize()
        return [passes]
