"""What the engine uses of numba's inner parts, in one place: they may change from one version of numba to the next."""

import numba

TRIED = "0.68"

try:
    from numba.core import base, cgutils, types, utils
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import CompilerBase, DefaultPassBuilder
    from numba.core.compiler_machinery import register_pass
    from numba.core.imputils import lower_constant
    from numba.core.lowering import Lower
    from numba.core.registry import cpu_target
    from numba.core.typed_passes import NativeLowering, NopythonRewrites
    from numba.core.types import functions
    from numba.core.typing import context, npydecl
    from numba.core.typing.templates import AttributeTemplate
    from numba.core.untyped_passes import InlineClosureLikes
except ImportError as error:
    raise ImportError(
        f"the engine builds on inner parts of numba {TRIED}, and numba {numba.__version__} has no such part ({error}); "
        f"install the version it was made with: pip install 'numba=={TRIED}.*'"
    ) from error

__all__ = [
    "TRIED",
    "AttributeTemplate",
    "CompilerBase",
    "DefaultPassBuilder",
    "InlineClosureLikes",
    "JITCodeLibrary",
    "Lower",
    "NativeLowering",
    "NopythonRewrites",
    "base",
    "cgutils",
    "context",
    "cpu_target",
    "functions",
    "lower_constant",
    "npydecl",
    "register_pass",
    "types",
    "utils",
]
