"""What ``flywheel run`` adds for a scenario that names observed data: the overlay, its errors and its figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import say
from flywheel_sim.files import place, write_text

if TYPE_CHECKING:
    from flywheel_sim.results import Run
    from flywheel_sim.results.observed import Observations
    from flywheel_sim.scenario import Scenario

__all__ = ["FIGURE", "REPLICATES", "overlaid", "seen"]

#: Runs of a scenario that names observed data, when nothing is said: enough for a band.
REPLICATES = 20
#: ``--figure FILE``.
FIGURE = click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw observed and simulated here, as SVG (scenarios that name observed data).",
)


def seen(scenario: "Scenario", figure: Path | None) -> "Observations | None":
    """Return the observations a scenario names, read before the first run; None where there are none in the run."""
    from flywheel_sim.study.calibration.observations import NoOverlap, named, observations

    if not named(scenario):
        if figure is not None:
            raise click.UsageError(f"--figure draws observed data, and '{scenario.name}' names none")
        return None
    if figure is not None:
        place(figure, ".svg", what="this figure")
    try:
        return observations(scenario)
    except NoOverlap as error:
        if figure is not None:
            raise
        say(f"not compared with observed data: {error}")
        return None


def overlaid(
    runs: "Sequence[Run]", observations: "Observations | None", figure: Path | None, *, holds: str = "luck"
) -> tuple[list[Any], dict[str, Any]]:
    """Return tables to print under a run and what to add to its JSON; writes the figure where asked to."""
    if observations is None:
        return [], {}
    from flywheel_sim.present.observed import dates_table, errors_table, overlay_notes, overlay_svg
    from flywheel_sim.study.calibration.observed import overlay

    compared = overlay(runs, observations, holds=holds)
    if figure is not None:
        write_text(figure, overlay_svg(compared) + "\n")
        say(f"wrote {figure}")
    parts = ["", dates_table(compared), "", errors_table(compared), "", overlay_notes(compared)]
    return parts, {"observed": compared.to_dict()}
