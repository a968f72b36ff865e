"""A trial of claims in the terminal: one line a claim, or everything that was seen of a few."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flywheel_sim.results.claims import Seen, Trial, Trials

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["claims_table", "settings"]

_STYLE = {"fault": "bold red", "no": "bold", "not shown": "dim", "not tried": "dim"}


def settings(given: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> str:
    """Settings as one would type them, with an arrow from what stood there where that is known.

    Examples
    --------
    >>> settings({"strategy.angle": 120, "teams.*.direction": {"care": 1}}, {"strategy.angle": 0.0})
    'strategy.angle: 0 → 120, teams.*.direction: {"care": 1}'
    """
    told = []
    for path, value in given.items():
        old = f"{_plain(before[path])} → " if before and path in before else ""
        told.append(f"{path}: {old}{_plain(value)}")
    return ", ".join(told)


def _plain(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value)


def claims_table(found: Trials, *, detail: bool = False) -> "Table":
    """Verdict, claim, what is set, and what that does to what is observed.

    Parameters
    ----------
    found : Trials
    detail : bool
        With everything else that was observed, and every setting at which the effect must vanish.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("verdict", max_width=14)
    table.add_column("claim", ratio=4)
    table.add_column("what is set", ratio=4, overflow="fold")
    table.add_column("what that does: without → with, change (80 % interval), share", ratio=5, overflow="fold")
    table.add_column("vanishes", max_width=11)
    for trial in found.trials:
        effect = _effect(trial)
        cells = (trial.number, trial.label, trial.claim, settings(trial.effect, trial.before), effect, trial.gone)
        table.add_row(*map(Text, cells), style=_STYLE.get(trial.verdict, ""))
        if detail:
            for row in _more(trial):
                table.add_row(*map(Text, row))
    return table


def _effect(trial: Trial) -> str:
    if not trial.seen:
        return trial.says
    size = _size(trial.seen[0])
    return f"{size}; {trial.says}" if trial.verdict in ("no", "not shown", "fault") else size


def _size(one: Seen) -> str:
    return f"{one.name}: {one.told}, {one.change}"


def _more(trial: Trial) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("", "", "", "", _size(one), "") for one in trial.seen[1:]]
    for one in trial.vanished:
        rows.append(("", "", "", f"must vanish at {settings(one.settings)}", one.told, ""))
    return rows
