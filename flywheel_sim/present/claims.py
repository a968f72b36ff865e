"""A trial of claims in the terminal: one line a claim, or a card with everything that was seen of it."""

from typing import TYPE_CHECKING, Any

from flywheel_sim.results.claims import Trial, Trials, settings

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["claim_card", "claims_table"]

_STYLE = {"fault": "bold red", "no": "bold", "not shown": "dim", "not tried": "dim"}


def claims_table(trials: Trials) -> "Table":
    """Return one line a claim: verdict, claim, what is set, and what that does to the first thing observed."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("verdict", max_width=14)
    table.add_column("claim", ratio=4)
    table.add_column("what is set", ratio=4, overflow="fold")
    table.add_column("what that does: without → with, change (80 % interval), share", ratio=5, overflow="fold")
    table.add_column("vanishes", max_width=11)
    over = any(trial.worlds for trial in trials.trials)
    if over:
        table.add_column("in how many worlds", max_width=24)
    for trial in trials.trials:
        effect = trial.says
        if trial.seen:
            first = trial.seen[0]
            effect = f"{first.name}: {first.told}, {first.change}"
            effect += f"; {trial.says}" if trial.verdict in ("no", "not shown", "fault") else ""
        cells = (trial.number, trial.label, trial.claim, settings(trial.effect, trial.before), effect, trial.gone)
        more = (trial.in_worlds,) if over else ()
        table.add_row(*map(Text, (*cells, *more)), style=_STYLE.get(trial.verdict, ""))
    return table


def claim_card(trial: Trial) -> list[Any]:
    """Return one claim with everything that was observed, and every setting at which the effect must vanish."""
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = [
        Text(f"{trial.number}  {trial.claim}", style="bold"),
        Text(f"{trial.label}: {trial.says}", style=_STYLE.get(trial.verdict, "").replace("dim", "")),
    ]
    if trial.worlds:
        parts.append(Text(f"Over {trial.worlds.n} worlds of {trial.worlds.company}: {trial.in_worlds}"))
    if not trial.seen:
        return parts
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("observed", no_wrap=True)
    for name in ("without → with", "change (80 % interval), share", "what it is"):
        table.add_column(name)
    for one in trial.seen:
        table.add_row(*map(Text, (one.name, one.told, one.change, one.meaning)))
    parts += [Text(f"set in {trial.base}: {settings(trial.effect, trial.before)}"), Text(""), table]
    parts.append(Text(""))
    parts += [Text(f"must vanish at {settings(gone.settings)}: {gone.told}") for gone in trial.vanished]
    return parts if trial.vanished else parts[:-1]
