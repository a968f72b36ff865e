"""Imports point down only, and importing the package or asking for help is cheap."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import flywheel_sim

PACKAGE = Path(flywheel_sim.__file__).parent
#: Top to bottom; a module may import from its own layer and from those after it.
LAYERS = [
    ("cli", "commands"), ("app",), ("study",), ("teach",), ("present",), ("execute",), ("model",),
    ("results",), ("engine",), ("theory",), ("importable", "scenario", "files", "typed"), ("__about__",),
]  # fmt: skip
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts)
MESA = {"model/teams.py", "model/customers.py", "model/flywheel.py"}


def imported(path: Path) -> set[str]:
    """Every module a file imports, anywhere in it, relative imports resolved."""
    package = ("flywheel_sim", *path.relative_to(PACKAGE).parts[:-1])
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names if module == "flywheel_sim"}
    return found


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_point_down(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py").replace("__main__", "cli")
    if own == "__init__":
        assert imported(path) <= {"difflib", "importlib", "pathlib", "typing", "flywheel_sim.__about__"} | {
            f"flywheel_sim.__about__.{n}" for n in ("__version__",)
        }
        return
    assert own in LEVEL, f"{name(path)} belongs to no layer"
    for module in imported(path):
        parts = module.split(".")
        if parts[0] != "flywheel_sim" or len(parts) < 2 or parts[1].startswith("__version"):
            continue
        assert parts[1] in LEVEL, f"{name(path)} imports {module} past the layers"
        assert LEVEL[parts[1]] >= LEVEL[own], f"{name(path)} imports upwards: {module}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_heavy_libraries_stay_in_their_layer(path):
    roots = {module.split(".")[0] for module in imported(path)}
    layer = path.relative_to(PACKAGE).parts[0]
    assert "mesa" not in roots or name(path) in MESA
    if layer in ("engine", "scenario"):
        assert not roots & {"pandas", "mesa", "matplotlib", "pyarrow"}
    if layer == "scenario":
        assert not roots & {"numba", "scipy", "numpy"}
    assert "numba" not in roots or layer in ("engine", "theory"), "numba options live in engine/jit.py"
    assert "pickle" not in roots


def test_the_walk_sees_everything():
    assert len(MODULES) > 20 and PACKAGE / "cli.py" in MODULES
    assert "ruamel.yaml" in imported(PACKAGE / "scenario" / "reading.py")


HEAVY = ["numba", "mesa", "matplotlib", "pandas", "scipy.stats", "networkx", "pyarrow"]


def loaded(code: str) -> set[str]:
    """Heavy modules that a fresh interpreter holds after running ``code``."""
    script = f"{code}\nimport sys\nprint('LOADED', *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=PACKAGE.parent, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_import_is_free():
    assert loaded("import flywheel_sim as fs; fs.scenarios(); dir(fs)") == set()


def test_help_is_free():
    code = "from flywheel_sim.cli import flywheel\nflywheel.main(['--help'], standalone_mode=False)"
    assert loaded(code) == set()
    assert loaded(code.replace("['--help']", "['scenario', 'list']")) == set()


def test_stub_and_names_agree():
    """The type stub names what is there, no more and no less."""
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    typed = {
        alias.asname: node.module for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert set(typed) == set(flywheel_sim.__all__), "write new public names into flywheel_sim/__init__.pyi as well"
    for public, target in flywheel_sim._WHERE.items():
        module = target.partition(":")[0]
        if public in typed:
            assert typed[public] in (module, "flywheel_sim"), f"the stub takes {public} from {typed[public]}"


def test_every_public_name_resolves():
    for public in flywheel_sim.__all__:
        assert getattr(flywheel_sim, public) is not None
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        flywheel_sim.lode  # noqa: B018


def test_every_command_there_is_can_be_loaded():
    from flywheel_sim.cli import COMMANDS, flywheel

    there = {p.stem for p in (PACKAGE / "commands").glob("*.py")} - {"__init__", "command_output", "lazy"}
    assert {command for command in there if not command.startswith("_")} & set(COMMANDS) == set(
        flywheel.list_commands(None)  # type: ignore[arg-type]
    )
    for command in flywheel.list_commands(None):  # type: ignore[arg-type]
        assert importlib.util.find_spec(f"flywheel_sim.commands.{command}")
        assert flywheel.get_command(None, command).name == command  # type: ignore[arg-type, union-attr]


def test_a_wheel_holds_every_folder_of_experiments_but_the_benchmarks():
    import tomllib

    root = PACKAGE.parent
    listed = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    there = {f"experiments/{path.name}" for path in (root / "experiments").iterdir() if path.name != "__pycache__"}
    assert {name for name in listed["force-include"] if name != "scenarios"} == there - {"experiments/benchmarks"}
