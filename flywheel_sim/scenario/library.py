"""The scenarios that come with the package, and how a name or a path is told apart.

The packaged copy (``_shipped/`` in a wheel) comes first, else the checkout beside the package.  A scenario is called by
its file's stem; closed-form limits are called ``limits/<stem>``.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from flywheel_sim.scenario.errors import ScenarioError, nearest

__all__ = ["Entry", "Origin", "find", "index", "scenarios", "shipped_path"]

_PACKAGE = Path(__file__).resolve().parent.parent
_KINDS = {
    "companies": "company",
    "schemes": "scheme",
    "programmes": "programme",
    "limits": "limit",
    "teaching": "teaching",
}


class Entry(NamedTuple):
    """A shipped scenario."""

    title: str
    kind: str
    path: Path


class Origin(NamedTuple):
    """A scenario file: where it is, what it is called in messages, its name, and the name when shipped."""

    path: Path
    shown: str
    name: str
    shipped: bool


def shipped_path(folder: str = "scenarios") -> Path:
    """Folder of data that comes with the package: ``scenarios``, ``experiments`` or a path below them.

    Raises
    ------
    FileNotFoundError
        When this installation came without it.

    Examples
    --------
    >>> shipped_path("scenarios").is_dir()
    True
    """
    for base in (_PACKAGE / "_shipped", _PACKAGE.parent):
        if (base / folder).exists():
            return base / folder
    raise FileNotFoundError(f"this installation of flywheel_sim came without its folder '{folder}'; reinstall it")


def index() -> dict[str, Path]:
    """Name -> file of every shipped scenario, companies first, then by folder and name."""
    top = shipped_path("scenarios")
    found: dict[str, Path] = {}
    for folder in _KINDS:
        for path in sorted((top / folder).glob("*.yaml")):
            found.setdefault(f"limits/{path.stem}" if folder == "limits" else path.stem, path)
    return found


def scenarios() -> dict[str, Entry]:
    """Shipped scenarios: name -> (title, kind, path).

    ``kind`` is company, scheme, programme, limit or teaching.

    Examples
    --------
    >>> all(entry.kind in ("company", "scheme", "programme", "limit", "teaching") for entry in scenarios().values())
    True
    """
    return {name: Entry(_title(path) or name, _KINDS[path.parent.name], path) for name, path in index().items()}


def find(text: str, folder: Path, shown_folder: str = "") -> Origin:
    """The file that a name or path means.

    Parameters
    ----------
    text : str
        A shipped name, or a path; it is a path only when it looks like one (``.yaml``, ``.yml``, a separator) or
        when a file of that name exists and no shipped scenario has it.
    folder : Path
        What relative paths are relative to.
    shown_folder : str
        How the user wrote that folder, for messages.

    Raises
    ------
    ScenarioError
        When there is nothing of that name.
    """
    if not text.strip():
        raise ScenarioError.single(f"expected a name or a path, got {text!r}")
    looks = text.lower().endswith((".yaml", ".yml"))
    known = {} if looks else index()
    if text in known:
        return Origin(known[text], text, text, True)
    separated = "/" in text or "\\" in text or text.startswith("~")
    try:
        path = folder / Path(text).expanduser()
        exists = path.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise ScenarioError.single(f"'{text[:80]}' cannot be a path: {error}") from None
    shown = text if Path(text).is_absolute() else str(Path(shown_folder) / text) if shown_folder else text
    if exists or looks or path.is_dir():
        return Origin(path, shown, path.stem, False)
    what = "neither a shipped scenario nor a file" if separated else "no shipped scenario has this name"
    near = nearest(text, known)
    more = "" if near else "; see `flywheel scenario list`"
    raise ScenarioError.single(f"{what}: '{text}'{more}", suggestion=near)


def _title(path: Path) -> str:
    """The ``title:`` line, read without parsing the file."""
    from flywheel_sim.scenario.reading import parse, plain

    with path.open(encoding="utf-8") as lines:
        line = next(_starting(lines, "title:"), None)
    if line is None:
        return ""
    try:
        return str(plain(parse(line))["title"] or "")
    except ScenarioError:
        return line.partition(":")[2].strip()


def _starting(lines: Iterable[str], start: str) -> Iterator[str]:
    return (line for line in lines if line.startswith(start))
