"""Whether scenarios are about one company: the settings of the company in which they differ."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.naming import differences, leaves
from flywheel_sim.results.words import inside, number
from flywheel_sim.scenario.roles import mappings, role_of

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["Unlike", "unlike", "unlike_sentence"]

#: Settings named in a sentence; the rest are counted.
MOST_NAMED = 5
#: Settings by which a reader knows a company, before all others.
_FIRST = (
    "market.accounts", "market.initial_customers", "segments", "teams", "axes", "contracts.kind", "contracts.enabled",
)  # fmt: skip


class Unlike(NamedTuple):
    """A setting of the company that is not the same in all scenarios."""

    path: str
    values: tuple[Any, ...]


def unlike(scenarios: Sequence["Scenario"]) -> tuple[Unlike, ...]:
    """Return what of the company itself differs between scenarios, what a reader knows a company by first.

    Heads, prices, pay and whatever else is decided do not count, nor do assumptions on how strongly something works
    (`flywheel_sim.scenario.roles`).  Names that only some scenarios have, such as teams, stand once under their
    mapping, not setting by setting.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> company = load("b2b-saas")
    >>> unlike([company, company.with_({"market.price": 1.1, "teams.sales.headcount": 4})])
    ()
    >>> unlike([company, company.with_({"market.accounts": 9000})])
    (Unlike(path='market.accounts', values=(5000, 9000)),)
    """
    if len(scenarios) < 2:
        return ()
    resolved = [scenario.resolved() for scenario in scenarios]
    differing: dict[str, tuple[Any, ...]] = {}
    for path, values in differences(scenarios).items():
        mapping = _missing_entry(resolved, path)
        if mapping and role_of(mapping) == "company":
            differing[mapping] = tuple(sorted(_at(values, mapping) or ()) for values in resolved)
        elif not mapping and role_of(path) == "company":
            differing[path] = values
    order = {path: k for k, path in enumerate(_FIRST)}
    return tuple(
        Unlike(path, differing[path]) for path in sorted(differing, key=lambda one: order.get(one, len(order)))
    )


def unlike_sentence(differing: Sequence[Unlike], labels: Sequence[str]) -> str:
    """Return a warning for those who read the verdict, without its full stop; nothing where the companies are alike.

    Examples
    --------
    >>> unlike_sentence([Unlike("market.accounts", (5000, 9000))], ["A", "B"])
    'A and B are different companies, so this is not what a plan is worth: accounts in the market: 5,000 against 9,000'
    """
    if not differing:
        return ""
    who = " and ".join(labels) if len(labels) == 2 else "these scenarios"
    named = [
        f"{inside(plain_label(one.path))}: {' against '.join(_said(value) for value in one.values)}"
        for one in differing[:MOST_NAMED]
    ]
    more = len(differing) - len(named)
    rest = f"; and {more} more setting{'s' if more > 1 else ''} of the company" if more else ""
    return f"{who} are different companies, so this is not what a plan is worth: {'; '.join(named)}{rest}"


def _missing_entry(resolved: Sequence[Mapping[str, Any]], path: str) -> str:
    """Return the mapping in which an entry on the way to ``path`` is not there in every scenario; nothing when all
    are.
    """
    for mapping, entry in mappings(path):
        if any(_at(values, entry) is None for values in resolved):
            return mapping
    return ""


def _at(values: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path; None where nothing does."""
    here: Any = values
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return None
        here = here[part]
    return here


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(float(value), 6)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(part)}" for name, part in leaves(value)) or "none"
    if isinstance(value, list | tuple):
        shown = ", ".join(map(str, value[:4])) + (f" and {len(value) - 4} more" if len(value) > 4 else "")
        return shown or "none"
    return str(value)
