"""No module of the package imports, by whatever way, a module that imports it."""

import ast
import sys
from pathlib import Path

import flywheel_sim

PACKAGE = Path(flywheel_sim.__file__).parent
#: Cycles through an import inside a function, and why each stays.
ALLOWED = {
    # `Scenario.plus` reads files, and reading files makes scenarios
    frozenset({"flywheel_sim.scenario.loading", "flywheel_sim.scenario.scenario"}),
    # the second process that compiles runs a week of the engine that started it
    frozenset({"flywheel_sim.engine.compilation", "flywheel_sim.engine.run"}),
}


def modules(package: Path) -> dict[str, Path]:
    """Dotted name -> file of every module below a package."""
    found = {}
    for path in package.rglob("*.py"):
        if "_shipped" not in path.parts:
            parts = path.relative_to(package.parent).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, files: dict[str, Path]) -> tuple[set[str], set[str]]:
    """Modules of the package that one imports: as it is loaded, and only inside functions or for type checkers."""
    at_once: set[str] = set()
    later: set[str] = set()
    package = name.split(".") if files[name].name == "__init__.py" else name.split(".")[:-1]

    def walk(node: ast.AST, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            guard = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            targets: list[str] = []
            if isinstance(child, ast.Import):
                targets = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                base = ".".join(package[: len(package) - child.level + 1]) if child.level else ""
                module = ".".join(part for part in (base, child.module or "") if part)
                whole = [f"{module}.{alias.name}" for alias in child.names]
                targets = [one if one in files else module for one in whole]
            (later if inside else at_once).update(one for one in targets if one in files and one != name)
            walk(child, inside or guard or function)

    walk(ast.parse(files[name].read_text(encoding="utf-8")), False)
    return at_once, later


def cycles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Strongly connected components of more than one module (Tarjan 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: set[frozenset[str]] = set()

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in graph[node]:
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.add(frozenset(component))

    sys.setrecursionlimit(10_000)
    for node in graph:
        if node not in number:
            visit(node)
    return found


FILES = modules(PACKAGE)
IMPORTS = {name: imports(name, FILES) for name in FILES}


def test_no_module_is_loaded_by_one_that_it_loads():
    assert cycles({name: at_once for name, (at_once, _) in IMPORTS.items()}) == set()


def test_nor_does_an_import_inside_a_function_hide_a_cycle():
    assert cycles({name: at_once | later for name, (at_once, later) in IMPORTS.items()}) <= ALLOWED


def test_a_cycle_is_found_wherever_its_imports_stand(tmp_path):
    package = tmp_path / "ring"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "a.py").write_text("from ..b import x\n")
    (package / "b.py").write_text("def f():\n    from ring import c\n")
    (package / "c.py").write_text("if TYPE_CHECKING:\n    import ring.inner.a\n")
    files = modules(package)
    graph = {name: imports(name, files) for name in files}
    assert cycles({name: at_once for name, (at_once, _) in graph.items()}) == set()
    ring = frozenset({"ring.inner.a", "ring.b", "ring.c"})
    assert cycles({name: at_once | later for name, (at_once, later) in graph.items()}) == {ring}
