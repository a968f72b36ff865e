"""The scenarios that come with the package, and how a name or a path is told apart.

The packaged copy (``_shipped/`` in a wheel) comes first, else the checkout beside the package.  A scenario is called by
its file's stem; closed-form limits are called ``limits/<stem>``.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from flywheel_sim.scenario.errors import ScenarioError, nearest

__all__ = ["PLANS", "Entry", "Origin", "composed_of", "find", "index", "known", "scenarios", "shipped_path", "sought"]

_PACKAGE = Path(__file__).resolve().parent.parent
_KINDS = {
    "companies": "company",
    "schemes": "scheme",
    "programmes": "programme",
    "parts": "part",
    "examples": "example",
    "limits": "limit",
    "teaching": "teaching",
}
#: Kinds that can be laid over any company.
PLANS = ("scheme", "programme", "part", "example")


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
    """Return the folder of data that comes with the package: ``scenarios``, ``experiments`` or a path below them.

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
    files: dict[str, Path] = {}
    for folder in _KINDS:
        for path in sorted((top / folder).glob("*.yaml")):
            files.setdefault(f"limits/{path.stem}" if folder == "limits" else path.stem, path)
    return files


def scenarios() -> dict[str, Entry]:
    """Return shipped scenarios: name -> (title, kind, path).

    ``kind`` is company, scheme, programme, part, example (a what-if, with what came out), limit or teaching.

    Examples
    --------
    >>> scenarios()["b2b-saas"].kind, scenarios()["churn-pay"].kind, scenarios()["shared-map"].kind
    ('company', 'scheme', 'part')
    """
    return {name: Entry(_title(path) or name, _KINDS[path.parent.name], path) for name, path in index().items()}


def sought(text: str, folder: Path) -> bool:
    """Tell whether there is a shipped scenario of this name, or a file."""
    if text in known():
        return True
    try:
        return any((folder / Path(one).expanduser()).is_file() for one in _written(text))
    except (OSError, ValueError, RuntimeError):
        return False


def known() -> dict[str, Path]:
    """Return every shipped file by the name that messages call it: the scenarios, and what they share."""
    folder = shipped_path("scenarios") / "library"
    return index() | {f"library/{path.stem}": path for path in sorted(folder.glob("*.yaml"))}


def _written(text: str) -> tuple[str, ...]:
    """Return the file a text means, and the one whose ending was left out."""
    if not text.strip() or text.lower().endswith((".yaml", ".yml")):
        return (text,)
    return text, f"{text}.yaml", f"{text}.yml"


def find(text: str, folder: Path, shown_folder: str = "") -> Origin:
    """Return the file that a name or path means.

    Parameters
    ----------
    text : str
        A shipped name, or a path; it is a path only when it looks like one (``.yaml``, ``.yml``, a separator) or
        when a file of that name exists, with the ending or without, and no shipped scenario has it.
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
    all_known = {} if looks else known()
    if text in all_known:
        return Origin(all_known[text], text, text, True)
    separated = "/" in text or "\\" in text or text.startswith("~")
    try:
        path = folder / Path(text).expanduser()
        exists = path.is_file()
        if not exists and (ending := next((one for one in _written(text)[1:] if _is_file(folder, one)), "")):
            return find(ending, folder, shown_folder)
    except (OSError, ValueError, RuntimeError) as error:
        raise ScenarioError.single(f"'{text[:80]}' cannot be a path: {error}") from None
    shown = text if Path(text).is_absolute() else str(Path(shown_folder) / text) if shown_folder else text
    if exists or looks or path.is_dir():
        return Origin(path, shown, path.stem, False)
    what = "neither a shipped scenario nor a file" if separated else "no shipped scenario has this name"
    near = nearest(text, all_known)
    more = "" if near else "; see `flywheel scenario list`"
    raise ScenarioError.single(f"{what}: '{text}'{more}", suggestion=near)


def _is_file(folder: Path, text: str) -> bool:
    return (folder / Path(text).expanduser()).is_file()


def composed_of(path: Path) -> tuple[str, ...]:
    """Return the plans that a shipped file lays over one another; none where it is no composition."""
    from flywheel_sim.scenario.reading import parse, plain

    with path.open(encoding="utf-8") as lines:
        line = next(_starting(lines, "extends: ["), None)
    return tuple(plain(parse(line))["extends"]) if line is not None else ()


def _title(path: Path) -> str:
    """Return the ``title:`` line, read without parsing the file."""
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
