"""``flywheel reproduce``: make a saved result again."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.envelope import Answer, answers
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.running import readable

if TYPE_CHECKING:
    from flywheel_sim.study.reproduce import Reproduction

__all__ = ["reproduce"]

#: Columns told one by one; the others are counted.
_MOST = 30


@click.command()
@click.argument("result", metavar="RESULT", type=click.Path(path_type=Path))
@answers("reproduce", "workers")
def reproduce(result: Path, workers: int | None) -> Answer:
    """Make a saved result again and compare it bit for bit.

    RESULT is a folder that run or compare wrote with --out.  Exit 0 when every number is the same, 1 when not; then it
    says which numbers moved, by how much, and what is not as it was: engine, versions, platform.
    """
    from flywheel_sim.results.saving import read_manifest
    from flywheel_sim.study import reproduce as again

    read_manifest(result)
    with progress("Making it again") as step:
        found = again.reproduce(result, workers=workers, progress=step)
    hashes = {"engine then": found.then.engine, "engine now": found.now.engine, **found.then.scenarios}
    seeds = {"seed": found.then.seed, "replicate": found.then.replicate, "replicates": found.then.replicates}
    return Answer(found.to_dict(), _told(found), {"seeds": seeds, "hashes": hashes}, failed=not found.same)


def _told(found: "Reproduction") -> Any:
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = [Text(found.sentence, style="bold")]
    if found.moved:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("table", "column"):
            table.add_column(name)
        for name in ("rows", "first row", "largest move", "of the column's largest"):
            table.add_column(name, justify="right")
        for one in found.moved[:_MOST]:
            table.add_row(
                one.table, one.column, f"{one.rows} of {one.of}", str(one.first), f"{one.largest:.3g}",
                f"{one.relative:.2g}",
            )  # fmt: skip
        parts += ["", table]
        if len(found.moved) > _MOST:
            parts.append(Text(f"and {len(found.moved) - _MOST} more (--json lists all)"))
    for heading, names in (
        ("No longer there", found.missing),
        ("New", found.added),
        ("Not made again", found.left_out),
    ):
        if names:
            parts.append(Text(f"{heading}: {', '.join(names)}"))
    parts += [Text(f"{name}: {then} then, {now} now") for name, (then, now) in found.changes.items()]
    return readable(*parts)
