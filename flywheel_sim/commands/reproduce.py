"""``flywheel reproduce``: make a saved result, or the baseline of shipped scenarios, again."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import readable

if TYPE_CHECKING:
    from flywheel_sim.study.verification.baseline import Drift
    from flywheel_sim.study.verification.reproduce import Reproduction

__all__ = ["reproduce"]

#: Rows told one by one; the others are counted.
_MOST = 30


@click.command()
@click.argument("result", metavar="RESULT|baseline", type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Of the baseline: say what moved, then write it anew.")
@answers("reproduce", "workers")
def reproduce(result: Path, update: bool, workers: int | None) -> Answer:
    """Make a saved result again and compare it bit for bit.

    RESULT is a folder that run or compare wrote with --out, the folder of a sweep or search, or the word baseline: what
    every shipped scenario came to when the package was made.  Exit 0 when every number is the same, 1 when not; then it
    says which numbers moved, by how much, and what is not as it was: engine, versions, platform.
    """
    if str(result) == "baseline":
        return _baseline(update, workers)
    if update:
        raise click.UsageError("--update is for the baseline: flywheel reproduce baseline --update")
    from flywheel_sim.study.verification import reproduce as again

    with progress("Making it again") as step:
        reproduction = again.reproduce(result, workers=workers, progress=step)
    hashes = {
        "engine then": reproduction.then.engine,
        "engine now": reproduction.now.engine,
        **reproduction.then.scenarios,
    }
    seeds = {
        "seed": reproduction.then.seed,
        "replicate": reproduction.then.replicate,
        "replicates": reproduction.then.replicates,
    }
    return Answer(
        reproduction.to_dict(),
        _result_told(reproduction),
        {"seeds": seeds, "hashes": hashes},
        failed=not reproduction.same,
    )


def _baseline(update: bool, workers: int | None) -> Answer:
    from flywheel_sim.study.verification import baseline

    kept = baseline.read_baseline(new=update)
    with progress("Shipped scenarios") as step:
        now = baseline.made_now(workers=workers, progress=step)
    drift = baseline.drift(kept, now)
    if update:
        say(f"wrote {baseline.write(now)}")
    hashes = {"engine then": drift.then.engine, "engine now": drift.now.engine}
    seeds = {"seed": baseline.SEED, "replicate": 0, "replicates": 1}
    failed = not (drift.same or update)
    return Answer(drift.to_dict(), _baseline_told(drift), {"seeds": seeds, "hashes": hashes}, failed=failed)


def _result_told(reproduction: "Reproduction") -> Any:
    rows = [
        (one.table, one.column, f"{one.rows} of {one.of}", str(one.first), f"{one.largest:.3g}", f"{one.relative:.2g}")
        for one in reproduction.moved
    ]
    names = ("table", "column", "rows", "first row", "largest move", "of the column's largest")
    lists = {
        "No longer there": reproduction.missing,
        "New": reproduction.added,
        "Not made again": reproduction.left_out,
    }
    return _told(reproduction.sentence, names, rows, lists, reproduction.changes)


def _baseline_told(drift: "Drift") -> Any:
    rows = [
        (
            shift.scenario,
            shift.number,
            *("none" if value is None else f"{value:.6g}" for value in (shift.then, shift.now)),
            f"{shift.by:.3g}",
            f"{shift.relative:.2g}",
        )
        for shift in drift.shifts
    ]
    names = ("scenario", "number", "then", "now", "moved by", "of what it was")
    summed = {shift.scenario for shift in drift.shifts}
    lists = {
        "Weekly totals moved and nothing in the summary": [name for name in drift.weekly if name not in summed],
        "Gone": drift.missing,
        "New": drift.added,
        "Described otherwise (a file, or a default of the schema)": drift.described,
    }
    return _told(drift.sentence, names, rows, lists, drift.changes)


def _told(
    sentence: str,
    names: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    lists: Mapping[str, Iterable[str]],
    changes: Mapping[str, tuple[str, str]],
) -> Any:
    """Return the verdict, a table of what moved, lists of names, and what is not as it was."""
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = [Text(sentence, style="bold")]
    if rows:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for place, name in enumerate(names):
            table.add_column(name, justify="left" if place < 2 else "right")
        for row in rows[:_MOST]:
            table.add_row(*row)
        parts += ["", table]
        if len(rows) > _MOST:
            parts.append(Text(f"and {len(rows) - _MOST} more (--json lists all)"))
    parts += [Text(f"{heading}: {', '.join(some)}") for heading, some in lists.items() if list(some)]
    parts += [Text(f"{name}: {then} then, {now} now") for name, (then, now) in changes.items()]
    return readable(*parts)
