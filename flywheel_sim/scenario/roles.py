"""What every setting of a scenario is: the company itself, a decision, or how strongly something works.

``company``
    What is true of the company and its market, whatever one decides: its customers and what they need, its teams,
    contracts, where everything starts, the references of its base case.  Two scenarios that differ in it are two
    companies, and the difference between them is not the worth of a plan.
``decision``
    What somebody chooses, or pays: heads, prices, budgets, who is paid on what, whether and how often a group meets.
``effect``
    How strongly something works: how far a meeting turns a team, how a measure pulls, how often a voice wins somebody.
    Nobody chooses it, and nobody knows it well: what an answer rests on.
``record``
    Words, data to compare with, and how a run is computed and read; nothing in the simulated world.

A mapping has a role as well: that of an entry being there at all.  A plan may add a measure or a touchpoint; a company
with another team or segment is another company.  What a change of the timeline sets has the role of what it sets.

Every field of the schema stands here once, or says so itself with ``param(role=...)``, as fields of new mechanisms do
(``tests/scenario/test_roles.py``).
"""

from functools import lru_cache
from typing import get_args

from flywheel_sim.scenario.fields import Role
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import declared

__all__ = ["ROLES", "Role", "mappings", "role_of"]

#: By role, lines of ``block: fields``; any name is written ``*``.
_TABLE: dict[Role, str] = {
    "company": """
        : axes teams segments
        teams.*: standing_hours hours_per_customer hours_per_head hours_per_lead load_reference
        teams.*: craft front skill utc_offset reports_to start direction
        segments.*: share spend outside_option channel_taste need
        market: at_rest
        market: organic enabled accounts initial_customers initial_advocates initial_detractors start pool fit_mean
        market: fit_reference fit_dispersion product_quality product_reference
        market.network: kind degree rewiring homophily
        market.churn: by neutral advocate detractor mean dispersion period_weeks
        market.funnel: enabled qualify propose close onboard reference leads_reference
        relationship: enabled law start market_norm relationship_reference effort_reference contacts_wanted
        relationship: wanted_spread experience_reference
        journey: enabled directions length_reference
        journey.touchpoints.*: success_reference match_reference need weight
        handoffs: enabled reference_cosine base_delay_hours
        word_of_mouth: enabled normalise weak_ties strong_share talk_spread
        contracts: enabled kind involuntary purchase_shape purchase_scale_weeks window_weeks fiscal_shift_weeks
        contracts: window_effect
        market.pricing: law rival
        expansion: enabled wallet
        service: enabled issues issue_spread live_cost erosion event_timed patience_hours handling_hours
        service: patience_weeks fractional_servers
        channels: issue_types
        channels.issue_types.*: share hours
        causes: enabled start reference pressure handoff_reference
        vectors: enabled growth_reference
        incentives: effort_reference
        sensing: response_rate happy_bias response_bond relationship_spread answer_spread promoter_above detractor_below
        reactions: noise noise_sd letters activity_reference
        strategy: reference_attention
        decisions: enabled rate competence other_competence reference_variance
        blockers: enabled rate
        capacity: enabled gross_hours craft_reference
        culture: enabled start reference
        culture.morale: enabled reference support_reference
        culture.turnover: enabled yearly
        culture.learning: enabled people practices leaving
        leadership: vacancy_weeks
        ledger: enabled discount_rate cost_of_revenue overhead opening_cash allocate_payroll
        timeline: customers
        timeline.customers.*: week add
        ideas: enabled reference_pairs reference_uptake
        selling: enabled reference_cosine
    """,
    "decision": """
        : horizon_weeks
        teams.*: headcount salary scaling follows theme_offset looks_after_people
        market: promotion price price_rise
        market.funnel: order
        market.pricing: applies
        journey: onboarding_weeks touchpoints
        journey.touchpoints.*: stage owner support rate hours cost channels
        handoffs: integration links
        decisions: together
        decisions.together.*: members hours
        handoffs.links.*: from to when share
        service: servers
        channels: enabled kinds replaced replaced_by offered simplest_first
        channels.kinds.*: human
        channels.technology: spend
        channels.analytics: spend
        vectors: transparency
        incentives: enabled measures pay
        incentives.measures.*: better columns over_weeks per target
        incentives.pay.*: intensity on bonus
        sensing: enabled refresh_weeks sharing survey_weeks survey_lag_weeks listening_hours
        reactions: enabled gain delay target improvement_hours patching preemption
        strategy: enabled target established angle attention planning_weeks
        decisions: centralisation
        cadence: enabled members interval_weeks hours heads_per_team relay_hours themes events review_weeks
        cadence: review_gain review_lag review_window hindsight insight foresight plan_weeks
        cadence.events.*: every_weeks first_week hours heads_per_team members clears_blockers cost
        blockers: lateral
        capacity: span staffing staffing_limit fewest_heads project_managers reporting_hours
        culture: mission_statement
        culture.programme: enabled funding cost projects competencies
        culture.norms: enabled
        culture.turnover: selectivity
        culture.learning: period_weeks
        culture.monitoring: enabled coverage
        leadership: enabled start tenure_months skill support clarity behaviour culture proof style ethics salary budget
        loyalty: enabled earn earn_expansion threshold reward_value endowed
        ledger: cost_per_lead cost_per_win meeting_cost programme_cost
        timeline: enabled changes
        timeline.changes.*: from_week until_week ramp_weeks set
        ideas: owner
        selling: fit_minimum discount lone_wolves
    """,
    "effect": """
        teams.*: field
        segments.*: relationship_weight product_weight service_weight price_weight
        market: external
        market.voice: neutral_to_advocate neutral_to_detractor advocate_to_neutral detractor_to_neutral
        market.voice: relationship_effect effort_effect
        market.churn: sensitivity effort_effect
        market.funnel: delay_effect lapse rest_weeks
        market.pricing: win_elasticity level_elasticity rise_elasticity spread
        market.win_back: rate
        relationship: gain asymmetry depreciation spill_over recent_weight history_weight expectation_adaptation
        relationship: effort_half_life_weeks forgiveness annoyance contact_half_life_weeks
        journey: match_effect overload_effect culture_effect tone_effect owner_share
        journey.touchpoints.*: base_success depth
        handoffs: integration_cost integration_hours hours base_friction angle_friction effort_of_loss response_effect
        word_of_mouth: rate strong weak advocate neutral detractor negative negative_weeks former_voice
        word_of_mouth: former_half_life_weeks contagion contagion_half_life_weeks referred_churn referred_fit
        word_of_mouth: referred_margin referrer_churn
        contracts: purchase_effect window_learning agreed_loss follow_up
        expansion: rate step relationship_effect
        service: product_work
        service: fit_effect failure_demand first_contact_resolution return_delay_weeks wait_effort failed_fix_effort
        service: contact_effort standard_decay_weeks standard_recovery_weeks give_up_effort give_up_return
        service: open_effort open_weight
        channels: augmentation self_service_cost self_service_effort self_service_gain personalisation
        channels: personalisation_cost failed_try_effort
        channels.kinds.*: cost hours effort gain
        channels.issue_types.*: solvable
        channels.technology: scale
        channels.analytics: scale gain timing
        causes: growth fix_rate load prevention patching return_weeks alignment_effect handoff_effect change_effect
        causes: quality_effect issue_effect
        vectors: diffusion craft_pull pay_pull lead_pull map_pull map_hours transparency_hours growth_effect
        vectors: culture_effect
        vectors.coupling: fixed gain most half_hours memory_weeks
        incentives: intrinsic max_effort effort_elasticity substitution risk_aversion lag_tau_weeks gaming_cost
        incentives: gaming_hours norms norms_hours intensity_bonus collusion
        incentives.measures.*: gradient craft peers map gaming noise lag_weeks
        sensing: accuracy adherence need_drift need_reversion exploration listening_scale listening_gain depth_effect
        reactions: drift_sd loss project_hours project_weeks letter_hours belief_in_activity belief_half_life_weeks
        strategy: transition relearn_weeks budget_effect
        decisions: joint_hours rework rework_weeks rework_hours centre_weeks centre_sd team_sd scatter_sd error_effect
        cadence: pull hours_scale relay_scale
        cadence.events.*: pull
        blockers: discovery_weeks hop_weeks solo_weeks between_meetings reopen idle_hours
        capacity: shortness pair_hours angle_share far_weight craft_speed ramp_weeks relief
        culture: retention_month effort_month independence
        culture.programme: project_build_month project_retention_month project_effect competence_build_month
        culture.programme: competence_retention_month competence_effect
        culture.norms: transmission retention_month gaming adherence
        culture.morale: adjust_weeks overload_effect support_effect elasticity attrition_effect
        culture.turnover: neglect_effect ramp_weeks idle trait_effect
        culture.learning: from_code of_code effect
        culture.monitoring: accuracy gaming hours
        leadership: lag_weeks lost_at_exit support_weight issue_hours enough friction_effect coupling_effect
        leadership: clarity_hours culture_effect proof_effect command_pull command_morale behaviour_value culture_value
        leadership: attribution_noise attribution_lag_weeks hurdle patience
        loyalty: share join_rate redeem_rate elasticity curvature identity
        ideas: rate far value decay
        selling: effort_effect selectivity promise accelerator spike_weeks borrowed lone_low_fit lone_spread
    """,
    "record": """
        : version title question description
        vectors: substeps
        measures: enabled debug per_account warm_up_weeks
        observed: file date decimal period period_column period_weeks start fit_until scale series fit
        observed.series.*: column quantity unit law error cohort fit
        observed.fit.*: path low high prior spread
        doubt: widths known tied structure
        doubt.structure.*: path options
        frozen: hash engine seed replicates targets
        frozen.targets.*: low high source evidence achieved error
    """,
}


def _rows() -> dict[tuple[str, ...], Role]:
    rows: dict[tuple[str, ...], Role] = dict(declared(ScenarioModel, "role"))
    for role, lines in _TABLE.items():
        for line in lines.strip().splitlines():
            block, _, names = line.strip().partition(":")
            above = tuple(block.split(".")) if block else ()
            for name in names.split():
                if (*above, name) in rows:
                    raise ValueError(f"{block}.{name} has two roles: {rows[*above, name]} and {role}")
                rows[(*above, name)] = role
    return rows


#: Role of every field, by its path; any name is written ``*``.
ROLES = _rows()
#: Mappings from names to blocks, whose fields have roles of their own.
_ENTRIES = frozenset(path[:k] for path in ROLES for k in range(1, len(path)) if path[k] == "*")


def mappings(path: str) -> tuple[tuple[str, str], ...]:
    """Return mappings from names to blocks on the way to a path, each with the entry that the path goes through.

    Examples
    --------
    >>> mappings("teams.sales.headcount"), mappings("market.accounts")
    ((('teams', 'teams.sales'),), ())
    """
    parts, entries = path.split("."), []
    known: tuple[str, ...] = ()
    for k, part in enumerate(parts):
        if known in _ENTRIES:
            entries.append((".".join(parts[:k]), ".".join(parts[: k + 1])))
        known = (*known, "*" if known in _ENTRIES else part)
    return tuple(entries)


@lru_cache(maxsize=4096)
def role_of(path: str) -> Role:
    """Return the role that a setting has.

    Parameters
    ----------
    path : str
        Dotted path of a value, of a mapping, or of an entry in one.

    Raises
    ------
    LookupError
        For a path that no row of the table covers.

    Examples
    --------
    >>> role_of("teams.sales.headcount"), role_of("cadence.pull"), role_of("segments.small.need.ease")
    ('decision', 'effect', 'company')
    >>> role_of("teams.sales"), role_of("timeline.changes.crisis.set.market.price")
    ('company', 'decision')
    """
    parts = path.split(".")
    if parts[:2] == ["timeline", "changes"] and parts[3:4] == ["set"] and len(parts) > 4:
        return role_of(".".join(parts[4:]))
    known: tuple[str, ...] = ()
    for part in parts:
        here = (*known, "*") if known in _ENTRIES else (*known, part)
        if here in ROLES and here not in _ENTRIES:
            return ROLES[here]
        known = here
    while known and known[-1] == "*":
        known = known[:-1]
    if known in ROLES:
        return ROLES[known]
    raise LookupError(
        f"{path} has no role: expected param(role=...), or a row in flywheel_sim/scenario/roles.py, with one of "
        f"{', '.join(get_args(Role))}"
    )
