"""What mechanisms hand each other within a week.

A mechanism that acts on another does so through a *lever*: a number that is set to its neutral value at the beginning
of the week, moved by whoever has something to say, and read by the one mechanism it belongs to.  So each module can be
switched off alone, and nothing is charged twice in one place.

=================  =======================================================  ====================  ===================
lever              meaning                                                  moved by              read by
=================  =======================================================  ====================  ===================
taken (teams)      hours of the team's week that do not reach its work      M13, M14, M16, M18,   M19
                                                                            M19, M20, M21
ability (teams)    factor of the magnitude per head                         M20                   M19
shift (touches)    logit added to the success of a touchpoint               M9, M10, M14, M16,    M3
                                                                            M20
friction_factor    factor of f0 and f1                                      M21                   M4
coupling_factor    factor of the coupling K                                 M21                   M11
gaming_prevented   share of gaming prevented                                M20                   M12
map_accuracy       cosine of a fresh map with the need                      M9, M13               M13
adherence          share of the map that is acted on                        M20                   M11
product_quality    quality of the product in use                            M26                   M1
issue_factor       factor of the rate of issues                             M10                   M8
patched (touches)  share of the hours for improving that hides symptoms     M14                   M10
preempted          share of the hours for improving that letters take       M14                   M10
funding            share of the programmes' money that is granted           M21                   M20, M21
upkeep             cost of what strengthens an effect, $ a week             upkeep.py             M23
programme          cost of programmes this week, $                          M20, M21              M23
lead_added         added to h_lead/D                                        M21                   M11
culture_added      added to the culture built a month                       M21                   M20
morale_added       added to the morale that teams move to                   M21                   M20
issue_hours        factor of the hours of a live issue                      M9                    M8, M19
=================  =======================================================  ====================  ===================
"""

from flywheel_sim.engine.jit import step
from flywheel_sim.engine.kernel_types import Par, State

__all__ = ["reset_levers"]


@step
def reset_levers(par: Par, state: State, run: int) -> None:
    """Set every lever to what it is when no mechanism moves it."""
    firm = state.run[run]
    for k in range(par.size.teams):
        state.taken[firm.team0 + k] = 0.0
        state.ability[firm.team0 + k] = 1.0
    for n in range(par.size.touchpoints):
        state.shift[firm.success0 + n] = state.patched[firm.success0 + n] = 0.0
    firm.friction_factor = firm.coupling_factor = firm.issue_factor = firm.issue_hours = 1.0
    firm.preempted = 0.0
    firm.gaming_prevented = par.incentives.norms
    firm.map_accuracy, firm.adherence = par.sensing.accuracy, par.sensing.adherence
    firm.product_quality = par.market.product_quality
    firm.funding = 1.0
    firm.upkeep = 0.0
    firm.programme = firm.lead_added = firm.culture_added = firm.morale_added = 0.0
