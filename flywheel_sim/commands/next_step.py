"""After a mistake: the command to type next."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

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
    """What to type after a mistake: the same with the nearest name, a check of the file, or an example that works.

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
    'flywheel scenario validate mine.yaml, once it is mended'
    >>> next_step(["run"], [{"file": None, "field": "", "message": "Missing argument", "suggestion": None}], ["run"])
    'flywheel run b2b-saas, or flywheel run --help'
    """
    found = list(problems)
    mended = list(words)
    for one in found:
        if one["suggestion"] and not one["file"]:
            mended = [_mended(word, str(one["message"]), str(one["field"]), str(one["suggestion"])) for word in mended]
    if mended != list(words):
        return shlex.join(["flywheel", *mended])
    command = next((word for word in words if word in set(known)), "")
    files = [str(one["file"]) for one in found if one["file"] in words]
    if files:
        again = ["scenario", "validate", files[0]] if command in _SCENARIOS else words
        return f"{shlex.join(['flywheel', *again])}, once it is mended"
    if any("shipped scenario" in str(one["message"]) for one in found):
        return "flywheel scenario list"
    example = _EXAMPLES.get(command, "")
    more = f"flywheel {command} --help" if command else "flywheel --help"
    return f"{example}, or {more}" if example else more


def _mended(word: str, message: str, field: str, suggestion: str) -> str:
    """A word with the wrong name in it replaced."""
    name, equals, value = word.partition("=")
    got = re.findall(r"got '([^']*)'", message)
    if equals and value in got and (name == field or name.startswith("--")):
        return f"{name}={suggestion}"
    if field and name == field and equals:
        return suggestion + equals + value if "." in suggestion else word
    return suggestion if word in (got or re.findall(r"'([^']*)'", message)) else word
