"""After a mistake: the command to type next."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path

from flywheel_sim.typed import command

__all__ = ["next_step"]

#: Command -> one that works as it stands.
_EXAMPLES: Mapping[str, str] = {
    "": "flywheel demo",
    "run": "flywheel run b2b-saas",
    "compare": "flywheel compare siloed-close-rate nps-pay",
    "report": "flywheel compare siloed-close-rate nps-pay --out saved, then flywheel report saved",
    "reproduce": "flywheel run b2b-saas --out saved, then flywheel reproduce saved",
    "scenario": "flywheel scenario list",
    "sweep": "flywheel sweep heads-and-talk",
    "resume": "flywheel sweep heads-and-talk",
    "status": "flywheel sweep heads-and-talk",
    "sensitivity": "flywheel sensitivity what-moves-the-verdict",
    "optimize": "flywheel optimize heads-under-doubt",
    "calibrate": "flywheel calibrate hubspot",
    "explain": "flywheel explain",
    "verify": "flywheel verify A1",
    "bench": "flywheel bench --quick",
    "completion": "flywheel completion bash",
}
#: Commands whose arguments are scenarios.
_SCENARIOS = ("run", "compare", "calibrate")


def next_step(words: Sequence[str], problems: Iterable[Mapping[str, object]], known: Iterable[str]) -> str:
    """Return what to type after a mistake: the same with the nearest name, a check of the file, or an example that
    works.

    Parameters
    ----------
    words : sequence of str
        What was typed after ``flywheel``.
    problems : iterable of mapping
        With ``file``, ``field``, ``message`` and ``suggestion``, as ``--json`` prints them.
    known : iterable of str
        Names of the commands.

    Examples
    --------
    >>> wrong = {"file": None, "field": "", "message": "no such command 'rnu'", "suggestion": "run"}
    >>> next_step(["rnu", "b2b-saas"], [wrong], ["run"])
    'flywheel run b2b-saas'
    >>> wrong = {"file": "mine.yaml", "field": "market", "message": "unknown name", "suggestion": None}
    >>> next_step(["run", "mine.yaml"], [wrong], ["run"])
    'flywheel scenario validate mine.yaml, once it is fixed'
    >>> next_step(["run"], [{"file": None, "field": "", "message": "Missing argument", "suggestion": None}], ["run"])
    'flywheel run b2b-saas, or flywheel run --help'
    >>> wrong = {"file": None, "field": "", "message": "'.' is already there; choose another folder", "suggestion": ""}
    >>> next_step(["run", "b2b-saas", "--out", "."], [wrong], ["run"])
    'flywheel run b2b-saas --out .-2'
    """
    mistakes = list(problems)
    fixed = _all_fixed(words, mistakes)
    if fixed != list(words):
        same = "compare" in words[:1] and len(set(fixed)) < len(set(words))
        return "flywheel scenario list" if same else _typed(fixed)  # a company is not compared with itself
    name = next((word for word in words if word in set(known)), "")
    if wrong := next((str(one["file"]) for one in mistakes if one["file"]), ""):
        checked = name in _SCENARIOS and wrong in words and wrong.lower().endswith((".yaml", ".yml"))
        again = _typed(["scenario", "validate", wrong] if checked else words)
        return f"{again}, once {'it' if wrong in words else command(wrong)} is fixed"
    if any(str(one["field"]).startswith("observed.") for one in mistakes):
        return f"{_typed(words)}, once the data are as it expects them"
    if any("shipped scenario" in str(one["message"]) for one in mistakes):
        return "flywheel scenario list"
    if makes := next(filter(None, (re.search(r"with: (flywheel .+)$", str(one["message"])) for one in mistakes)), None):
        return makes[1]
    if about := _worth_explaining(words, mistakes):
        return command("flywheel", "explain", about)
    owned = any(_is_there(word) for word in words if word != name)  # somebody with files wants no shipped ones
    example = "" if owned else _EXAMPLES.get(name, "")
    more = f"flywheel {name} --help" if name else "flywheel --help"
    return f"{example}, or {more}" if example else more


def _all_fixed(words: Sequence[str], problems: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the words with the nearest name for each that is wrong, and a free name for what is taken."""
    fixed = list(words)
    for one in problems:
        if one["suggestion"] and not one["file"]:
            fixed = [_fixed(word, str(one["message"]), str(one["field"]), str(one["suggestion"])) for word in fixed]
        if (taken := re.match(r"'(.+)' is already there", str(one["message"]))) and taken[1] in fixed:
            fixed[fixed.index(taken[1])] = next(n for k in count(2) if not _is_there(n := f"{taken[1]}-{k}"))
    return fixed


def _worth_explaining(words: Sequence[str], problems: Sequence[Mapping[str, object]]) -> str:
    """Return the setting or block that a message names, or that was set on the command line; "" where there is none."""
    for one in problems:
        named = re.search(r"there are ([\w.-]+)|'([\w.-]+)' is a block", str(one["message"]))
        if named and _known(about := named[1] or named[2]):
            return about
    fields = [str(one["field"]) for one in problems]
    about = next((field for field in fields if field and any(word.startswith(f"{field}=") for word in words)), "")
    return next((path for path in (about, about.rpartition(".")[0]) if _known(path)), "")


def _is_there(path: str) -> bool:
    """Tell whether something has this path, a link to nothing included; what can be no path is not there."""
    try:
        return Path(path).exists() or Path(path).is_symlink()
    except (OSError, ValueError):  # a name that is too long, or a zero byte
        return False


def _typed(words: Sequence[str]) -> str:
    return command("flywheel", *words)


def _known(path: str) -> bool:
    """Tell whether a path can be explained."""
    from flywheel_sim.scenario.schema import ScenarioModel
    from flywheel_sim.scenario.shapes import along, root

    return bool(path) and along(root(ScenarioModel), tuple(path.split("."))) is not None


def _fixed(word: str, message: str, field: str, suggestion: str) -> str:
    """Return a word with the wrong name or value in it replaced."""
    if "<" in suggestion:  # a place for a name, which only its owner knows
        return word
    path, equals, value = word.partition("=")
    got = re.findall(r"got '([^']*)'", message)
    if field and equals and path.strip() == field:
        renamed = message.startswith(("unknown name", "no '", "there is nothing inside"))
        return suggestion + word[len(path) :] if renamed else f"{path}={suggestion}"
    if equals and value in got and path.startswith("--"):
        return f"{path}={suggestion}"
    for wrong in got or re.findall(r"'([^']*)'", message):
        if word == wrong:
            return suggestion
        parts = re.split(r"([+:,])", word)  # of a composition only the part that is wrong
        if wrong in parts and not equals:
            return "".join(suggestion if part == wrong else part for part in parts)
    return word
