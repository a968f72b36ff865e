"""What a mechanism, claim, closed form, weekly column or parameter is, and what hangs together with it.

Everything is read from where it is declared: the docstrings of the engine's modules, the scenario's blocks, the table
of claims, the theory package and the limits.
"""

import ast
import fnmatch
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flywheel_sim import theory
from flywheel_sim.results.claims import settings
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.bibliography import RATINGS, Source, bibliography, marks_in
from flywheel_sim.scenario.columns import COLUMNS
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.fields import EVIDENCE
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel
from flywheel_sim.scenario.shapes import NAME, Shape, along, every_path, root
from flywheel_sim.study.claims.table import Claim, claim_table
from flywheel_sim.study.verification.limits import LIMITS, THEORY_ONLY
from flywheel_sim.study.verification.limits.base import Limit

__all__ = ["Explained", "Parameter", "closed_forms_in", "explain", "subjects"]

#: Most names told where several fit.
MOST = 8
_NUMBERED = re.compile(r"\bA[1-9]\d*\b")


def closed_forms_in(text: str) -> list[str]:
    """List the closed forms that a text names, in the order of their numbers.

    Examples
    --------
    >>> closed_forms_in("A30 and A3, but not A99")
    ['A3', 'A30']
    """
    return [name for name in theory.ANCHORS if name in set(_NUMBERED.findall(text))]


@dataclass(frozen=True)
class Parameter:
    """One number of a scenario: where it stands, what it is, and how well it is known."""

    path: str
    text: str
    default: str
    unit: str
    evidence: str
    source: str
    expected: str


@dataclass(frozen=True)
class Explained:
    """Everything about one subject.

    Parameters
    ----------
    name, kind, title : str
        ``kind`` is mechanism, claim, closed form, column, summary or parameter.
    text : str
        What it is; of a mechanism its equations.
    facts : mapping
        Short lines with a name: unit, where it reduces, what is observed.
    parameters : tuple of Parameter
    limits : mapping
        Limit -> how it is verified.
    claims : mapping
        Claims that rest on it -> in words.
    related : tuple of str
        Mechanisms and closed forms it belongs with.
    references : tuple of str
        Where it comes from, in full.
    """

    name: str
    kind: str
    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    claims: tuple[tuple[str, str], ...] = ()
    related: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "title": self.title,
            "text": self.text,
            "facts": dict(self.facts),
            "parameters": [vars(parameter) for parameter in self.parameters],
            "limits": dict(self.limits),
            "claims": dict(self.claims),
            "related": list(self.related),
            "references": list(self.references),
        }


def explain(name: str) -> Explained:
    """Return everything about a mechanism (M12), claim (C37), closed form (A19), weekly column, summary key or
    parameter.

    Raises
    ------
    ScenarioError
        When there is no such thing, naming the nearest.

    Examples
    --------
    >>> explain("a22").title
    'Coordination cost'
    >>> explain("market.accounts").kind
    'parameter'
    """
    explained = _explained(name)
    return explained if explained.references else replace(explained, references=_references(explained))


def _references(explained: Explained) -> tuple[str, ...]:
    """Return what the source marks of a closed form, claim or parameter lead to, in full."""
    if explained.kind not in ("closed form", "claim", "parameter"):
        return ()
    facts = dict(explained.facts)
    own = explained.name if explained.kind == "closed form" else ""
    said = " ".join((own, *(facts.get(key, "") for key in ("facts", "source texts", "source"))))
    return tuple(f"{mark}: {work}" for mark in marks_in(said) for work in bibliography()[mark].references)


def _explained(name: str) -> Explained:
    upper = name.upper()
    if upper in MECHANISMS:
        return _mechanism(upper)
    if upper in claim_table():
        return _claim(claim_table()[upper])
    if upper in theory.ANCHORS:
        return _form(upper)
    if upper in bibliography():
        return _source(bibliography()[upper])
    for column, unit, meaning in COLUMNS:
        if column == name:
            return _column(column, unit, meaning)
    if name in SUMMARY:
        one = SUMMARY[name]
        facts = (("unit", one.unit), ("in reports", one.label))
        return Explained(name, "summary", one.meaning, "", facts, claims=_told(_observing(name)))
    if name in MECHANISMS.values():
        return _mechanism(next(number for number, block in MECHANISMS.items() if block == name))
    shape = along(root(ScenarioModel), tuple(name.split(".")))
    if shape is not None:
        return _parameter(name, shape)
    ends = [path for path in _paths() if path.rpartition(".")[2] == name]
    if len(ends) == 1:
        return explain(ends[0])
    readouts = (*(column for column, _, _ in COLUMNS), *SUMMARY)
    known = [*bibliography(), *MECHANISMS, *MECHANISMS.values(), *claim_table(), *theory.ANCHORS, *readouts, *_paths()]
    if ends:
        raise ScenarioError.single(f"several parameters are called '{name}': {', '.join(ends)}")
    having = [one for one in dict.fromkeys(known) if upper in re.split(r"[_.-]", one.upper())] if len(name) > 1 else []
    if len(having) == 1:
        return explain(having[0])
    kinds = "M1 to M27, C1 to C78, A1 to A30, S1 to S39, a source text, a readout or a path"
    message = f"nothing here is called '{name}'; expected {kinds}"
    if having:
        more = f" and {len(having) - MOST} more" if len(having) > MOST else ""
        message = f"several things are about '{name}': {', '.join(having[:MOST])}{more}"
    near = None if having else nearest(name, known, cutoff=0.7)
    if not having and near is None and len(name) > 3:
        matching = [one for rows in subjects().values() for one, said in rows if name.casefold() in said.casefold()]
        if matching:
            message += f"; these speak of it: {', '.join(matching[:MOST])}"
    raise ScenarioError.single(message, suggestion=near)


def subjects() -> dict[str, list[tuple[str, str]]]:
    """Return everything that can be explained, by kind, with its title; parameters by their number only."""
    return {
        "mechanisms": [(number, _title(number)) for number in MECHANISMS],
        "closed forms": [(name, anchor.title) for name, anchor in theory.ANCHORS.items()],
        "claims": [(number, claim.claim) for number, claim in claim_table().items()],
        "columns": [(column, meaning) for column, _, meaning in COLUMNS],
        "sources": [(mark, source.fact) for mark, source in bibliography().items() if source.fact],
        "summary": [(name, one.meaning) for name, one in SUMMARY.items()],
    }


@lru_cache(maxsize=1)
def _sources() -> Mapping[str, str]:
    """Return mechanism -> what its module says, read without loading the engine."""
    docstrings = {}
    for path in sorted((Path(__file__).parents[1] / "engine" / "mechanisms").glob("m[0-9]*.py")):
        number = f"M{int(path.stem[1:3])}"
        docstrings[number] = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstrings


def _title(number: str) -> str:
    return _sources()[number].splitlines()[0].removeprefix(f"{number} ").rstrip(".")


@lru_cache(maxsize=1)
def _paths() -> tuple[str, ...]:
    return tuple(".".join(path) for path in every_path(ScenarioModel))


def _limits(anchors: Iterable[str]) -> tuple[tuple[str, str], ...]:
    limits = []
    for name in anchors:
        some = [limit for limit in LIMITS.values() if limit.anchor == name]
        limits += [(limit.key, _verified(limit)) for limit in some]
        if name in THEORY_ONLY:
            limits.append((name, f"theory only: {THEORY_ONLY[name]}"))
    return tuple(limits)


def _verified(limit: Limit) -> str:
    luck = f"{limit.quick} runs" if limit.quick > 1 else "without luck"
    bias = f"; allowed for: {limit.bias}" if limit.bias else ""
    return f"{limit.title}: limits/{limit.scenario}, {luck}{bias}"


def _told(claims: Iterable[Claim]) -> tuple[tuple[str, str], ...]:
    return tuple((claim.number, claim.claim) for claim in claims)


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=lambda name: (name[0], int(name[1:])))


def _mechanism(number: str) -> Explained:
    said = _sources()[number]
    resting = [claim for claim in claim_table().values() if number in claim.mechanisms]
    forms = _in_order(closed_forms_in(said)) or _in_order(a for claim in resting for a in claim.anchors)
    block = MECHANISMS[number]
    own = [(path, along(root(ScenarioModel), tuple(path.split(".")))) for path in _paths()]
    rows = tuple(
        _row(path, shape)
        for path, shape in own
        if shape is not None and path.startswith(f"{block}.") and _leaf(shape) and shape.field is not None
    )
    return Explained(
        name=number,
        kind="mechanism",
        title=_title(number),
        text="\n".join(said.splitlines()[1:]).strip(),
        facts=(("block", block),),
        parameters=rows,
        limits=_limits(forms),
        claims=_told(resting),
        related=tuple(forms),
    )


def _claim(claim: Claim) -> Explained:
    vanish = "; or ".join(settings(one) for one in claim.vanish)
    facts = {
        "source texts": ", ".join(claim.text), "observed": ", ".join(claim.observe), "company": claim.base,
        "given": settings(claim.given), "set": settings(claim.effect), "vanishes at": vanish,
        "goes": claim.direction, "tested": "" if claim.open else claim.expect, "open": claim.open,
        "by construction": "the equations hold the sign; only the size is a finding" if claim.by_construction else "",
        "facts": ", ".join(claim.facts),
        "trial": "" if claim.open else f"flywheel claims {claim.number}: its size, and a verdict that can be 'no'",
    }  # fmt: skip
    return Explained(
        name=claim.number,
        kind="claim",
        title=claim.claim,
        text="",
        facts=tuple((name, said) for name, said in facts.items() if said),
        parameters=(),
        limits=_limits(claim.anchors),
        claims=(),
        related=(*claim.mechanisms, *claim.anchors),
    )


def _form(name: str) -> Explained:
    anchor = theory.ANCHORS[name]
    functions = [getattr(theory, function) for function in anchor.functions]
    parts = []
    for function in functions:
        said = inspect.getdoc(function) or ""
        parts.append(f"theory.{function.__name__}: {said.split('Parameters')[0].strip()}")
    module = inspect.getdoc(import_module(functions[0].__module__)) or ""
    carrying = [number for number, said in _sources().items() if name in closed_forms_in(said)]
    resting = [claim for claim in claim_table().values() if name in claim.anchors]
    return Explained(
        name=name,
        kind="closed form",
        title=anchor.title,
        text="\n\n".join([module, *parts]),
        facts=(
            ("reduces when", anchor.reduces_when),
            ("functions", ", ".join(f"theory.{f}" for f in anchor.functions)),
        ),
        parameters=(),
        limits=_limits([name]),
        claims=_told(resting),
        related=tuple(carrying),
    )


def _source(source: Source) -> Explained:
    """Return a fact or a text, with its references and who rests on it."""
    resting = [one for one in claim_table().values() if source.mark in (*one.facts, *one.text)]
    used = [path for path, shape in _shapes() if source.mark in marks_in(str(shape.extra.get("source") or ""))]
    facts = {
        "rating": f"{source.rating}: {RATINGS[source.rating]}",
        "evidence": f"{source.evidence}: {EVIDENCE.get(source.evidence, '')}" if source.evidence else "",
        "settings": ", ".join(used),
    }
    told = tuple((key, said) for key, said in facts.items() if said)
    return Explained(source.mark, "source", source.fact, "", told, claims=_told(resting), references=source.references)


def _shapes() -> Iterator[tuple[str, Shape]]:
    for path in _paths():
        shape = along(root(ScenarioModel), tuple(path.split(".")))
        if shape is not None:
            yield path, shape


def _column(column: str, unit: str, meaning: str) -> Explained:
    return Explained(column, "column", meaning, "", (("unit", unit),), claims=_told(_observing(column)))


def _observing(name: str) -> list[Claim]:
    return [claim for claim in claim_table().values() if any(name in observed.split("/") for observed in claim.observe)]


def _parameter(name: str, shape: Shape) -> Explained:
    block = name.partition(".")[0]
    number = next((number for number, own in MECHANISMS.items() if own == block), "")
    limits = [limit for limit in LIMITS.values() if limit.follows(name)]
    touching = [claim for claim in claim_table().values() if any(_same(name, path) for path in _touched(claim))]
    row = _row(name, shape)
    facts = {
        "expected": row.expected,
        "default": row.default,
        "unit": row.unit,
        "source": row.source,
        "evidence": f"{row.evidence}: {EVIDENCE[row.evidence]}" if row.evidence else "",
    }
    below = tuple(
        _row(path, one)
        for path in _paths()
        if path.startswith(f"{name}.")
        and (one := along(root(ScenarioModel), tuple(path.split(".")))) is not None
        and _leaf(one)
    )
    return Explained(
        name=name,
        kind="parameter",
        title=row.text or name,
        text="",
        facts=tuple((key, said) for key, said in facts.items() if said),
        parameters=below,
        limits=tuple((limit.key, _verified(limit)) for limit in limits),
        claims=_told(touching),
        related=(number,) if number else (),
    )


def _leaf(shape: Shape) -> bool:
    return shape.block is None and not (shape.entries is not None and shape.entries.block is not None)


def _row(path: str, shape: Shape) -> Parameter:
    field = shape.field
    default = ""
    if field is not None and not field.is_required() and _leaf(shape):
        default = str(field.default)
    text = f"{shape.label}. {shape.text}" if shape.label else shape.text
    extra = shape.extra
    return Parameter(
        path=path,
        text=text,
        default=default,
        unit=shape.unit,
        evidence=str(extra.get("evidence") or ""),
        source=str(extra.get("source") or ""),
        expected=shape.expected(),
    )


def _touched(claim: Claim) -> Iterator[str]:
    for some in (claim.given, claim.effect, *claim.vanish):
        yield from some


def _same(asked: str, path: str) -> bool:
    """Tell whether a claim's path is the one asked for; any name fits a star."""
    pattern = path.replace(NAME, "*")
    return fnmatch.fnmatchcase(asked.replace(NAME, "x"), pattern) or fnmatch.fnmatchcase(path, asked.replace(NAME, "*"))
