"""What every mechanism is: its mathematics, parameters, evidence, test, and the claims that rest on it."""

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import flywheel_sim
from flywheel_sim.results.assumptions import EVIDENCE
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel
from flywheel_sim.study.claims.table import Claim, claim_table
from flywheel_sim.study.explain import closed_forms_in, explain

__all__ = ["Mechanism", "Parameter", "how_tested", "mechanism", "mechanisms", "passages"]

_PACKAGE = Path(flywheel_sim.__file__).parent


@dataclass(frozen=True)
class Parameter:
    """One number of a mechanism."""

    path: str
    default: str
    unit: str
    evidence: str
    source: str
    text: str


@dataclass(frozen=True)
class Mechanism:
    """A mechanism.

    Parameters
    ----------
    number, block, title : str
    summary : str
        What the scenario block says it is.
    text : str
        What the module says: equations, neutral setting.
    parameters : tuple of Parameter
    module, test : str
        Files, from the top of the project.
    claims : tuple of Claim
        Those that rest on it.
    closed_forms : tuple of str
        Anchors that it, or its claims, meet.
    limits : tuple of (str, str)
        Limits in which it becomes a closed form, and how that is verified.
    """

    number: str
    block: str
    title: str
    summary: str
    text: str
    parameters: tuple[Parameter, ...]
    module: str
    test: str
    claims: tuple[Claim, ...]
    closed_forms: tuple[str, ...]
    limits: tuple[tuple[str, str], ...]

    @property
    def evidence(self) -> tuple[tuple[str, int], ...]:
        """How many parameters are known by what, the most frequent first."""
        return tuple(Counter(parameter.evidence for parameter in self.parameters).most_common())


@lru_cache(maxsize=32)
def mechanism(number: str) -> Mechanism:
    """Return a mechanism by its number.

    Examples
    --------
    >>> m17 = mechanism("M17")
    >>> m17.title, m17.parameters[0].path
    ('Cadence', 'cadence.enabled')
    """
    block = MECHANISMS[number]
    kind = ScenarioModel.model_fields[block].annotation
    assert isinstance(kind, type) and issubclass(kind, Block)
    name = f"m{int(number[1:]):02d}_{block}"
    source = _PACKAGE / "engine" / "mechanisms" / f"{name}.py"
    doc = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    first, _, rest = doc.partition("\n")
    title = re.sub(r"^M\d+:?\s*", "", first).strip().rstrip(".").partition(":")[0]
    claims = tuple(claim for claim in claim_table().values() if number in claim.mechanisms)
    anchors = set(closed_forms_in(doc)) or {a for claim in claims for a in claim.anchors}
    return Mechanism(
        number=number,
        block=block,
        title=title[:1].upper() + title[1:],
        summary=re.sub(r"^M\d+:?\s*", "", (kind.__doc__ or "").strip().partition("\n")[0]),
        text=rest.strip(),
        parameters=tuple(_parameters(kind, block)),
        module=f"flywheel_sim/engine/mechanisms/{name}.py",
        test=f"tests/mechanisms/test_{name}.py",
        claims=claims,
        closed_forms=tuple(sorted(anchors, key=lambda anchor: int(anchor[1:]))),
        limits=explain(number).limits,
    )


def mechanisms() -> tuple[Mechanism, ...]:
    """Return every mechanism, M1 first."""
    return tuple(mechanism(number) for number in MECHANISMS)


def passages(text: str) -> list[tuple[bool, str]]:
    """Return the text of a module in order: running words (False, as one line each) and what is set apart (True, as it
    is).

    Examples
    --------
    >>> passages("So it *is*:\\n\\n    x = 1\\n    y = 2\\n\\nand ``on``\\ngoes.")
    [(False, 'So it *is*:'), (True, 'x = 1\\ny = 2'), (False, 'and on goes.')]
    """
    parts = []
    for part in re.split(r"\n\s*\n", text):
        lines = part.split("\n")
        plain = part.replace("``", "").replace("**", "")
        if all(line.startswith("    ") or not line.strip() for line in lines):
            parts.append((True, textwrap.dedent(plain).strip("\n")))
        elif any(line.startswith((" ", "*", "-")) for line in lines[1:]):
            parts.append((False, plain.strip("\n")) if len(lines) == 1 else (True, plain.strip("\n")))
        else:
            parts.append((False, " ".join(plain.split())))
    return parts


def how_tested(claim: Claim) -> str:
    """Tell how a claim is tested, in words."""
    if claim.open:
        return f"open: {claim.open}"
    how = {
        "exact": "vanishes to the bit",
        "interval": "vanishes within its interval",
        "null": "the null is the claim",
    }[claim.expect]
    return how + (", sign by construction" if claim.by_construction else "")


def _parameters(block: type[Block], path: str) -> Iterator[Parameter]:
    for name, field in block.model_fields.items():
        here, kind = f"{path}.{name}", field.annotation
        if isinstance(kind, type) and issubclass(kind, Block):
            yield from _parameters(kind, here)
            continue
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        yield Parameter(
            path=here,
            default="" if field.is_required() else _said(field.default),
            unit=str(extra.get("unit", "")),
            evidence=EVIDENCE[str(extra.get("evidence", "a"))],
            source=str(extra.get("source", "")),
            text=(field.description or "").replace("`", ""),
        )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict | list) and not value:
        return "none"
    return str(value) if len(str(value)) <= 40 else f"{str(value)[:38]}\N{HORIZONTAL ELLIPSIS}"
