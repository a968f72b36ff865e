"""The table of verification limits A1-A30: what each is, which functions hold it, when a simulation must reduce to it.

`ANCHORS` is what documentation and checks read; the mathematics is in the modules named by the functions.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ANCHORS", "Anchor"]


class Anchor(NamedTuple):
    """A `title`, the names of the `functions`, and the configuration a simulation `reduces_when` it has.

    Examples
    --------
    >>> ANCHORS["A20"].functions
    ('cadence_variance', 'cadence_cost', 'cadence_optimal_interval')
    """

    title: str
    functions: tuple[str, ...]
    reduces_when: str


ANCHORS: dict[str, Anchor] = {
    "A1": Anchor(
        "Bass diffusion",
        ("bass", "bass_peak", "bass_regression", "bass_pure_birth"),
        "no churn, no detractors, every customer speaks with weight 1, complete graph; p external, q internal hazard",
    ),
    "A2": Anchor(
        "Bass on networks",
        ("bass_ring", "bass_pair", "bass_network_bounds", "epidemic_threshold"),
        "as A1 on a ring, on pairs, or on any network with the same total internal hazard per account (bounds)",
    ),
    "A3": Anchor(
        "sBG retention",
        ("sbg", "sbg_churn", "sbg_retention", "sbg_fit", "sbg_del", "sbg_derl"),
        "renewal only, churn propensity fixed for life, no effect of experience, word of mouth or contagion",
    ),
    "A4": Anchor(
        "BG/NBD purchases",
        (
            "bgnbd_expected_purchases",
            "bgnbd_no_purchase_probability",
            "bgnbd_purchase_probability",
            "bgnbd_log_likelihood",
        ),
        "no contracts, Poisson purchases, a drop-out coin after each, everything else off",
    ),
    "A5": Anchor(
        "Customer lifetime value",
        ("clv", "clv_retention_elasticity", "clv_with_referral"),
        "constant margin and retention; with referral: clones without delay and R_f below 1",
    ),
    "A6": Anchor(
        "NPS arithmetic",
        ("nps", "nps_standard_error"),
        "independent answers of a random sample; the score is read and causes nothing",
    ),
    "A7": Anchor(
        "Defection and profit",
        ("defection_profit_gain", "base_defection"),
        "constant margin, constant defection, no discount",
    ),
    "A8": Anchor(
        "Referred customers",
        ("referred_value_ratio",),
        "constant hazards, lower only while the referrer stays; margin premium fading at a constant rate",
    ),
    "A9": Anchor(
        "Value of a lost customer",
        ("adopter_multiplier",),
        "as A1 with one customer removed at a known time",
    ),
    "A10": Anchor(
        "Acceleration against expansion",
        ("adopter_multiplier",),
        "as A1 with one customer added: a closed market without churn only accelerates",
    ),
    "A11": Anchor(
        "Strong and weak ties",
        ("informed_probability",),
        "one-shot adoption, memoryless, edges labelled strong or weak",
    ),
    "A12": Anchor(
        "Bad news",
        ("bad_news_probabilities",),
        "as A11 with satisfied and dissatisfied customers and no forgetting",
    ),
    "A13": Anchor(
        "Effort asymmetry",
        ("effort_log_odds",),
        "stated intentions: the asymmetry is used, magnitudes are capped",
    ),
    "A14": Anchor(
        "Service-profit chain",
        ("chain_correlation", "partial_correlation"),
        "each link depends on the one before only; a shuffled link silences what follows",
    ),
    "A15": Anchor(
        "Pay for several tasks",
        ("holmstrom_milgrom",),
        "linear pay, quadratic cost of effort, one period, normal noise",
    ),
    "A16": Anchor(
        "Measure alignment is a cosine",
        ("baker_contract", "baker_surplus_share"),
        "quadratic cost of effort, linear pay, one period, no coupling between teams",
    ),
    "A17": Anchor(
        "NK search",
        ("nk_expected_peaks", "nk_expected_maximum", "nk_survey"),
        "rugged landscape alone, contributions uniform on (0, 1)",
    ),
    "A18": Anchor(
        "Mutual learning",
        ("march_learning",),
        "practices only: no turnover, no turbulence, people and code learn from the last period",
    ),
    "A19": Anchor(
        "Order of team directions",
        (
            "gibbs_order",
            "gibbs_field_order",
            "gibbs_critical_kappa",
            "gibbs_chain_cosine",
            "vmf_mean_cosine",
            "mean_pair_cosine",
            "rotational_cosine",
            "rotational_order",
            "kuramoto_order",
        ),
        "meetings, incentives and culture off, diffusion above 0, all-to-all coupling (or a chain, or a field alone)",
    ),
    "A20": Anchor(
        "Cadence saw-tooth",
        ("cadence_variance", "cadence_cost", "cadence_optimal_interval"),
        "small angles, no coupling and no field between meetings, d = 2, sigma squared = 2D",
    ),
    "A21": Anchor(
        "Queues and failure demand",
        (
            "erlang_b",
            "erlang_c",
            "erlang_wait",
            "erlang_late_share",
            "failure_demand",
            "little",
            "break_even_containment",
        ),
        "Poisson arrivals, exponential service, endless patience, first come first served",
    ),
    "A22": Anchor(
        "Coordination cost",
        ("communication_channels", "brooks_output", "brooks_optimum"),
        "every pair coordinates at the same cost whatever its angle, and no pair decides together",
    ),
    "A23": Anchor(
        "Flywheel reproduction number",
        (
            "flywheel_reproduction",
            "flywheel_growth",
            "voice_weeks",
            "next_generation_reproduction",
            "referral_total",
            "life_table_reproduction",
            "euler_lotka_growth",
            "mean_field",
            "market_symbols",
        ),
        "no depletion of prospects, random mixing, static experience",
    ),
    "A24": Anchor(
        "Executive tenure",
        ("executive_tenure",),
        "constant exit hazard, fixed vacancy, effect a step a fixed lag after appointment and lost at exit",
    ),
    "A25": Anchor(
        "Goodhart and tampering",
        ("goodhart_attenuation", "goodhart_selection", "deming_variance"),
        "a stable score, corrected by a fixed share of each survey's distance from target",
    ),
    "A26": Anchor(
        "Erosion of service standards",
        ("standard_path", "standard_after_pulse", "order_fulfillment"),
        "delivered service given from outside; equal time constants recover, one-sided ones do not",
    ),
    "A27": Anchor(
        "Capability trap",
        ("capability_trap_equilibria", "capability_rate", "capability_path"),
        "one owner per root cause, no extra failures and changes, C = 1 - X",
    ),
    "A28": Anchor(
        "Market growth",
        (
            "forrester_delay_effect",
            "forrester_capacity_fraction",
            "forrester_expansion",
            "forrester_loop_gain",
            "forrester_stagnation_delay",
        ),
        "sales pay for sales, delivery delay known to the market lowers win odds",
    ),
    "A29": Anchor(
        "Organisational forgetting",
        ("knowledge_stock", "knowledge_half_life", "campaign_ceiling"),
        "one stock with constant decay, constant input or periodic pulses",
    ),
    "A30": Anchor(
        "Queues with impatient customers",
        ("erlang_a", "erlang_a_waits", "erlang_a_open"),
        "as A21 with exponential patience; who gives up does not come back, and no fix fails",
    ),
}
"""Anchor by number, "A1" to "A30"."""
