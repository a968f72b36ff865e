"""Closed forms A1-A30: what the simulation must reduce to when everything else is switched off.

One module per topic, plain functions of numbers and arrays, NumPy and SciPy only.  Names load on first use, so
importing this package costs nothing.  `ANCHORS` lists every limit with its functions and the configuration that reduces
to it.

Each number carries its evidence: [V] source seen, [V2] second-hand source, [M] quoted, not checked, [X] computed
exactly or by quadrature, [a] assumption.

Examples
--------
>>> from flywheel_sim import theory
>>> round(float(theory.erlang_c(8, c=10)), 4)
0.4092
>>> theory.ANCHORS["A1"].title
'Bass diffusion'
"""

from importlib import import_module
from typing import Any

_HOME = {
    "anchors": "ANCHORS Anchor",
    "cadence": "CadenceVariance cadence_cost cadence_optimal_interval cadence_variance",
    "capability": "CapabilityEquilibria capability_path capability_rate capability_trap_equilibria",
    "compartments": "B2B_MARKET B2C_MARKET MeanField mean_field",
    "coordination": "BrooksOptimum brooks_optimum brooks_output communication_channels",
    "diffusion": "BASS_DURABLES BassPeak BassRegression Durable bass bass_peak bass_regression",
    "directions": (
        "gibbs_chain_cosine gibbs_critical_kappa kuramoto_order mean_pair_cosine rotational_cosine "
        "rotational_order vmf_mean_cosine"
    ),
    "erosion": "order_fulfillment standard_after_pulse standard_path",
    "experience": "EFFORT_OUTCOMES EffortOutcome chain_correlation effort_log_odds partial_correlation",
    "expected": "market_symbols",
    "gibbs": "GibbsOrder gibbs_order",
    "gibbs_field": "GibbsField gibbs_field_order",
    "incentives": "BakerContract LinearContract baker_contract baker_surplus_share holmstrom_milgrom",
    "leadership": (
        "CCO_TENURE_MONTHS ExecutiveTenure campaign_ceiling executive_tenure knowledge_half_life knowledge_stock"
    ),
    "life_table": "euler_lotka_growth life_table_reproduction",
    "market_growth": (
        "FORRESTER ForresterMarket forrester_capacity_fraction forrester_delay_effect forrester_expansion "
        "forrester_loop_gain forrester_stagnation_delay"
    ),
    "networks": "Bounds bass_network_bounds bass_pair bass_ring epidemic_threshold",
    "purchases": (
        "BGNBD_CDNOW BgNbd bgnbd_expected_purchases bgnbd_log_likelihood bgnbd_no_purchase_probability "
        "bgnbd_purchase_probability"
    ),
    "patience": "erlang_a erlang_a_open erlang_a_waits",
    "pure_birth": "PureBirth bass_pure_birth",
    "queues": "break_even_containment erlang_b erlang_c erlang_late_share erlang_wait failure_demand little",
    "reproduction": (
        "VoiceRates flywheel_growth flywheel_reproduction next_generation_reproduction referral_total voice_weeks"
    ),
    "retention": "SBG_REGULAR SbgFit sbg sbg_churn sbg_del sbg_derl sbg_fit sbg_retention",
    "search": "NkSurvey march_learning nk_expected_maximum nk_expected_peaks nk_survey",
    "surveys": "deming_variance goodhart_attenuation goodhart_selection nps nps_standard_error",
    "value": (
        "REICHHELD_SASSER base_defection clv clv_retention_elasticity clv_with_referral defection_profit_gain "
        "referred_value_ratio"
    ),
    "word_of_mouth": "Verdict adopter_multiplier bad_news_probabilities informed_probability",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` and keep the object here."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names as well as what is loaded already."""
    return sorted({*globals(), *__all__})
