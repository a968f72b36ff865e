"""``flywheel responses``: pull one lever of a whole company at a time."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import REPORT, places, readable, trial_manifest

__all__ = ["responses"]


@click.command()
@click.argument("names", nargs=-1, metavar="[LEVER ...]")
@click.option("--company", "companies", multiple=True, metavar="COMPANY", help="Only in this company; repeatable.")
@click.option("--quick", is_flag=True, help="6 runs at every point instead of 20.")
@click.option("--all", "everything", is_flag=True, help="Print the curves that hold as well.")
@REPORT
@answers("responses", "set", "seed", "replicates", "workers")
def responses(
    names: tuple[str, ...],
    companies: tuple[str, ...],
    quick: bool,
    everything: bool,
    report: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
) -> Answer:
    """Pull one lever of a whole company at a time, and judge the curves.

    Every mechanism is on; one lever moves over a wide range; a run of ten years is read at the end of years 1, 5 and
    10.  Each curve is held to the shape that anybody of the trade would expect.  Exit 1 when a curve fails that is not
    listed with the reason why the expectation was wrong.  Without a name all levers in all companies: half an hour.
    """
    from flywheel_sim.study.responses import trial as battery

    places(None, report)
    battery.chosen(names, companies)  # every mistake before the first run
    with progress("Levers") as step:
        curves = battery.responses(
            names,
            companies=companies,
            quick=quick,
            changes=changes,
            seed=seed,
            replicates=replicates,
            workers=workers,
            progress=step,
        )
    manifest = trial_manifest(curves.hashes, changes, seed=seed, replicates=curves.replicates)
    if report is not None:
        from flywheel_sim.present.responses import write_responses

        write_responses(curves, report)
        say(f"wrote {report}")
    return Answer(curves.to_dict(), _told(curves, everything or len(names) > 0), manifest, failed=not curves.ok)


def _told(responses: Any, everything: bool) -> Any:
    from rich.text import Text

    from flywheel_sim.present.responses import responses_table
    from flywheel_sim.results.responses import VERDICTS

    parts: list[Any] = [responses_table(responses, everything), Text("")]
    parts += [Text(f"{verdict}: {VERDICTS[verdict]}.") for verdict, count in responses.counts.items() if count]
    parts += [Text(""), Text(responses.sentence, style="bold")]
    return readable(*parts)
