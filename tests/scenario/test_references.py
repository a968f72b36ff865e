"""Each block says what in it does not fit the rest of the scenario, at the path where it stands."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from flywheel_sim.scenario import load
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.references import all_problems
from flywheel_sim.scenario.schema import CrossReference, ScenarioModel

COMPANY = load("b2b-saas").model.model_dump(by_alias=True)
CROWD = COMPANY["teams"] | {f"t{k}": {"headcount": 1.0, "craft": {"ease": 1.0}} for k in range(60)}
#: Block, what is set in a company (paths parted by /), and where the mistakes then are.
MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    ("ScenarioModel", {"axes": ["acquire", "value", "ease", "care", "care"]}, "axes"),
    ("Team", {"teams/sales/craft": {"zz": 1.0}}, "teams.sales.craft.zz"),
    ("Team", {"teams/sales/craft": {"ease": 0.0}}, "teams.sales.craft"),
    ("Team", {"teams/sales/start": "given"}, "teams.sales.direction"),
    ("Team", {"teams/sales/reports_to": "nobody"}, "teams.sales.reports_to"),
    ("Team", {"teams/sales/reports_to": "sales"}, "teams.sales.reports_to"),
    ("Segment", {"segments/small/need": {"ease": 0.0}}, "segments.small.need"),
    ("Segment", {"segments/small/channel_taste": {"q": 1.0}}, "segments.small.channel_taste.q"),
    ("Segment", {"market/price_rise": 0.9, "horizon_weeks": 5200}, "market.price_rise market.price_rise"),
    ("Touchpoint", {"journey/touchpoints/demo/owner": "x"}, "journey.touchpoints.demo.owner"),
    ("Touchpoint", {"journey/touchpoints/demo/support": {"sales": -1.0}}, "journey.touchpoints.demo.support.sales"),
    ("Touchpoint", {"journey/touchpoints/demo/need": {"q": 1.0}}, "journey.touchpoints.demo.need.q"),
    ("Touchpoint", {"journey/touchpoints/go-live/channels": {"q": 1.0}}, "journey.touchpoints.go-live.channels.q"),
    ("Touchpoint", {"journey/touchpoints/invoice/segments": {"q": 1.0}}, "journey.touchpoints.invoice.segments.q"),
    ("Touchpoint", {"journey/touchpoints/demo/segments": {"small": 1.0}}, "journey.touchpoints.demo.segments"),
    (
        "ClosedLoop",
        {"sensing/closed_loop/enabled": True, "journey/touchpoints": {}},
        "sensing.closed_loop.enabled",
    ),
    ("Channels", {"channels/replaced_by": "x"}, "channels.replaced_by"),
    ("Channels", {"channels/issue_types": {"a": {"share": 0.0}}}, "channels.issue_types"),
    ("Handoff", {"handoffs/links/marketing-sales/from": "x"}, "handoffs.links.marketing-sales.from"),
    ("Measure", {"incentives/measures/nps/columns": {"q": 1.0}}, "incentives.measures.nps.columns.q"),
    ("Incentives", {"incentives/pay/zz": {"on": {"no": 1.0}}}, "incentives.pay.zz incentives.pay.zz.on.no"),
    ("Incentives", {"incentives/substitution": -0.4}, "incentives.substitution"),
    ("Cadence", {"cadence/members": ["q"]}, "cadence.members"),
    ("Event", {"cadence/events/e": {"every_weeks": 2, "members": ["q"]}}, "cadence.events.e.members"),
    ("Strategy", {"strategy/target": {"q": 1.0}}, "strategy.target.q"),
    ("Programme", {"culture/programme/competencies": {"a": -1.0}}, "culture.programme.competencies.a"),
    ("Together", {"decisions/together": {"a": {"members": ["sales", "q"]}}}, "decisions.together.a.members"),
    ("Together", {"decisions/together": {"a": {"members": ["sales"]}}}, "decisions.together.a.members"),
    ("Decisions", {"decisions/competence": {"q": 0.2}}, "decisions.competence.q"),
    ("Ideas", {"ideas/owner": "q"}, "ideas.owner"),
    ("Frozen", {"frozen/targets": {"q": {"low": 0.0, "high": 1.0}}}, "frozen.targets"),
    ("Market", {"market/initial_customers": 10_000_000}, "market.initial_customers"),
    ("Network", {"market/network": {"kind": "ring", "degree": 7}}, "market.network.degree"),
    ("Funnel", {"market/funnel/leads_reference": 0.2, "market/funnel/rest_weeks": 5}, "market.funnel.rest_weeks"),
    ("Churn", {"market/churn/by": "voice"}, "market.churn.by"),
    ("Vectors", {"vectors/substeps": 10_000, "teams": CROWD}, "vectors.substeps"),
    ("Service", {"service/event_timed": True, "journey/touchpoints": {}}, "service.servers service.handling_hours"),
    (
        "WordOfMouth",
        {"word_of_mouth/normalise": "per_tie", "word_of_mouth/talk_spread": 0, "market/network": "complete"},
        "word_of_mouth.normalise",
    ),
    ("CustomerPulse", {"timeline/customers/a": {"week": 3, "add": 9_000_000}}, "timeline.customers.a.add"),
    ("Doubt", {"doubt/widths": {"q": 2.0, "a": 0.5}}, "doubt.widths.q doubt.widths.a"),
    ("Doubt", {"doubt/known": ["market.prices"]}, "doubt.known.0"),
    ("Doubt", {"doubt/tied": {"a": ["market.price"], "b": ["market.price"]}}, "doubt.tied.b"),
    (
        "Doubt",
        {
            "doubt/structure/a": {"path": "market.network.kind", "options": {"ring": 1, "blocks": 1}},
            "doubt/structure/b": {"path": "market.network.kind", "options": {"ring": 1, "blocks": 1}},
        },
        "doubt.structure.a.path doubt.structure.b.path",
    ),
    ("Choice", {"doubt/structure/network/path": "market.prices"}, "doubt.structure.network.path"),
    ("Choice", {"doubt/structure/network/options": {"ring": 1.0, "q": 1.0}}, "doubt.structure.network.options.q"),
    ("Choice", {"doubt/structure/network/options": {"ring": 1.0}}, "doubt.structure.network.options"),
    ("Change", {"timeline/changes/a": {"from_week": 9, "set": {"axes": 1}}}, "timeline.changes.a.set.axes"),
]


def problems(changes: dict[str, Any]) -> list[str]:
    """Return the paths of what does not fit in the company with some changes."""
    tree = deepcopy(COMPANY)
    for path, value in changes.items():
        *above, last = path.split("/")
        inside = tree
        for name in above:
            inside = inside.setdefault(name, {})
        inside[last] = value
    with pytest.raises(ValidationError) as caught:
        ScenarioModel.model_validate(tree)
    error = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(error, CrossReference)
    return [path for path, _, _ in error.problems]


def blocks(block: type[Block], seen: set[type[Block]]) -> Iterator[type[Block]]:
    """Yield a block and all that stand in it, also under names."""
    if block not in seen:
        seen.add(block)
        yield block
        for field in block.model_fields.values():
            for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
                if isinstance(part, type) and issubclass(part, Block):
                    yield from blocks(part, seen)


def test_a_company_that_fits_has_no_problems() -> None:
    assert list(all_problems(load("b2b-saas").model)) == []


@pytest.mark.parametrize(("changes", "paths"), [(changes, paths) for _, changes, paths in MISTAKES])
def test_a_block_says_where_it_does_not_fit(changes: dict[str, Any], paths: str) -> None:
    assert problems(changes) == paths.split()


def test_every_block_that_can_refuse_is_tried_here() -> None:
    speaking = {block.__name__ for block in blocks(ScenarioModel, set()) if "references" in vars(block)}
    assert speaking == {name for name, _, _ in MISTAKES}
