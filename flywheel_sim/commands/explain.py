"""``flywheel explain``: what something is."""

from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, answers
from flywheel_sim.commands.run_options import readable

if TYPE_CHECKING:
    from flywheel_sim.study.explain import Explained

__all__ = ["explain"]


@click.command()
@click.argument("name", required=False, metavar="[M12 | C37 | A19 | S11 | READOUT | PARAMETER]")
@answers("explain")
def explain(name: str | None) -> Answer:
    """Say what a mechanism, claim, closed form, source, readout (weekly column, summary) or parameter is.

    Its equations, its parameters with how well they are known, how it is verified, and the claims that rest on it.
    Without a name, everything there is.
    """
    from flywheel_sim.study import explain as explaining

    if name is None:
        subjects = explaining.subjects()
        return Answer({kind: dict(rows) for kind, rows in subjects.items()}, _listed(subjects))
    one = explaining.explain(name)
    return Answer(one.to_dict(), _told(one))


def _listed(subjects: dict[str, list[tuple[str, str]]]) -> Any:
    from rich.table import Table

    parts: list[Any] = []
    for kind, rows in subjects.items():
        table = Table(box=None, pad_edge=False, show_header=False, title=kind.capitalize(), title_justify="left")
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for row in rows:
            table.add_row(*row)
        parts += [table, ""]
    return readable(*parts, "Any path of a scenario can be explained too: flywheel explain market.churn.mean")


def _told(one: "Explained") -> Any:
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = [Text(f"{one.name}  {one.title}", style="bold"), Text(one.kind, style="dim")]
    if one.text:
        parts += ["", Text(unwrapped(one.text))]
    pairs = [
        ("", one.facts),
        ("Verified by", one.limits),
        ("Claims that rest on it", one.claims),
    ]
    for heading, rows in pairs[:1]:
        parts += _pairs(heading, rows)
    if one.parameters:
        table = Table(box=None, pad_edge=False, header_style="bold")
        block = f"{dict(one.facts).get('block', one.name)}."
        table.add_column(f"{block} ...", no_wrap=True)
        for column in ("default", "unit", "evidence", "what it is"):
            table.add_column(column, overflow="fold")
        for row in one.parameters:
            mark = f"{row.evidence} ({row.source})" if row.source else row.evidence
            table.add_row(
                Text(row.path.removeprefix(block)), Text(row.default), Text(row.unit), Text(mark), Text(row.text)
            )
        parts += ["", table]
    for heading, rows in pairs[1:]:
        parts += _pairs(heading, rows)
    if one.references:
        parts += ["", Text("From", style="bold"), *(Text(f"  {reference}") for reference in one.references)]
    if one.related:
        parts += ["", Text(f"See also: {', '.join(one.related)}")]
    return readable(*parts)


def unwrapped(text: str) -> str:
    """Return paragraphs in one line each, for a terminal of any width; equations and lists stay as they are.

    Examples
    --------
    >>> print(unwrapped("A team\\nis paid.\\n\\n    a = b\\n\\nNeutral."))
    A team is paid.
    <BLANKLINE>
        a = b
    <BLANKLINE>
    Neutral.
    """
    lines: list[str] = []
    for line in text.splitlines():
        prose = bool(line) and line[0] not in " -*|"
        if prose and lines and lines[-1] and lines[-1][0] not in " |":
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return "\n".join(lines)


def _pairs(heading: str, rows: tuple[tuple[str, str], ...]) -> list[Any]:
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return []
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, said in rows:
        table.add_row(Text(name), Text(said))
    return ["", *([Text(heading, style="bold")] if heading else []), table]
