"""``flywheel worlds``: what a company may be like besides what its file says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say, table
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import names
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.results.worlds import Worlds

__all__ = ["answer_of_worlds", "go_on", "worlds"]

#: Rows of a table for people.
MOST = 12


@click.command()
@click.argument("company", metavar="COMPANY", shell_complete=names)
@click.option(
    "--draws", type=click.IntRange(1, 100_000), default=None, metavar="N", help="Companies drawn; 600 unless said."
)
@click.option("--keep", type=click.IntRange(1), default=None, metavar="N", help="Keep the first N worlds only.")
@answers("worlds", "set", "seed", "workers", "out")
def worlds(
    company: str,
    draws: int | None,
    keep: int | None,
    changes: dict[str, Any],
    seed: int,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Draw what is not known of COMPANY, and keep the worlds in which it looks like itself.

    Every number that nobody decides and nobody knows is drawn: ranges (LOW to HIGH) as they are given, others by their
    evidence marks, and choices of the model that nobody knows (doubt.structure).  Draws are held against the targets of
    the base case and the numbers that are known of it.  The worlds go to a folder beside the company's file, where
    flywheel compare --worlds finds them; interrupted or killed, flywheel resume goes on.  Plans laid over the company
    play no part.  Exit 1 when fewer than 100 worlds are left.
    """
    from flywheel_sim.scenario.writing import one_line
    from flywheel_sim.study.worlds import making

    base = making.company_of(company, changes)
    place = out or making.folder_for(base)
    folder = making.folder_for(base) if place.suffix == ".json" else place
    say(f"worlds of {base.name} go to {place}")
    with _going(folder, f"Drawing worlds of {base.name}") as step:
        drawn = making.worlds(
            company,
            draws or making.DRAWS,
            place,
            changes=changes,
            seed=seed,
            workers=workers,
            progress=step,
            keep=keep,
        )
    sets = [word for path, value in changes.items() for word in ("--set", f"{path}={one_line(value)}")]
    more = [*(("--draws", str(draws)) if draws else ()), *(("--keep", str(keep)) if keep else ())]
    return answer_of_worlds(drawn, place, command("flywheel", "worlds", company, *sets, *more, "--out", place))


def go_on(folder: Path, workers: int | None) -> Answer:
    """Go on with worlds that were being made."""
    from flywheel_sim.study.worlds import resuming

    with _going(folder, f"Going on with {folder}") as step:
        drawn = resuming.resume(folder, workers=workers, progress=step)
    return answer_of_worlds(drawn, folder)


@contextmanager
def _going(folder: Path, what: str) -> Iterator[Any]:
    """Show how far worlds are, and say how to go on when somebody interrupts."""
    try:
        with progress(what) as step:
            yield step
    except (KeyboardInterrupt, click.Abort):
        again = command("flywheel", "resume", folder)
        raise click.Abort(f"interrupted; what is drawn is kept, go on with: {again}") from None


def answer_of_worlds(worlds: "Worlds", folder: Path, how: str = "") -> Answer:
    """Return what a company may be like."""
    for note in worlds.notes:
        say(f"note: {note}")
    manifest = {
        "seeds": {"seed": worlds.seed, "draws": worlds.tried},
        "hashes": {"prior": worlds.prior, "engine": worlds.engine, "worlds": worlds.digest},
        **({"command": how} if how else {}),
    }
    data = {key: value for key, value in worlds.to_dict().items() if key not in ("shifts", "references", "schema")}
    data |= {"worlds": worlds.n, "enough": worlds.enough, "folder": str(folder), "sentence": worlds.sentence}
    return Answer(data, _told(worlds), manifest, failed=not worlds.enough)


def _told(worlds: "Worlds") -> str:
    """Return what was found for people."""
    from flywheel_sim.results.words import number, percent
    from flywheel_sim.scenario.blocks.doubt import WIDTHS
    from flywheel_sim.scenario.fields import EVIDENCE

    def span(three: tuple[float, float, float]) -> str:
        return f"{number(three[1])} ({number(three[0])} to {number(three[2])})"

    parts = [f"{worlds.sentence}."]
    if worlds.aims:
        rows = [
            (
                aim.name,
                f"{number(aim.low)} to {number(aim.high)}",
                span(aim.prior),
                percent(aim.inside),
                span(aim.worlds),
            )
            for aim in worlds.aims
        ]
        parts += [
            "What it is held against; before and after, the middle and eight of ten:",
            table(("known", "band", "drawn", "of these inside", "worlds"), rows),
        ]

    def shown(shares: tuple[float, ...], options: tuple[str, ...]) -> str:
        if options:
            return ", ".join(f"{option} {percent(share)}" for option, share in zip(options, shares, strict=True))
        return span((shares[0], shares[1], shares[2]))

    sure = [one for one in worlds.learned if one.sure]
    if sure:
        lines = [
            (one.path, shown(one.prior, one.options), shown(one.worlds, one.options), one.label) for one in sure[:MOST]
        ]
        rest = len(worlds.learned) - len(sure)
        more = f"; and {len(sure) - MOST} more" if len(sure) > MOST else ""
        parts += [
            f"What was learned, the middle and nine of ten{more}; nothing about {rest} others:",
            table(("setting", "drawn", "worlds", "what it is"), lines),
        ]
    widths = ", ".join(f"{mark} ({EVIDENCE[mark]}) {factor:g}" for mark, factor in WIDTHS.items())
    parts.append(f"Ends of nine of ten, as a factor of the middle, unless the company says else: {widths}.")
    if worlds.impossible:
        parts.append(f"{worlds.impossible} draws are no company at all, or say nothing of what is known.")
    if worlds.n:
        ask = command("flywheel", "compare", worlds.company, "PLAN", "--worlds", str(min(worlds.n, 200)))
        parts.append(f"Ask over them: {ask}")
    return "\n\n".join(parts)
