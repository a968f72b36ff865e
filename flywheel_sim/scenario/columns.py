"""The weekly columns: name, unit and meaning, in the order in which the engine writes them.

This list is the only place that knows the order; kernels use the index constants made from it, results use the names.
All values are end-of-week states or sums over the week.
"""

from collections import namedtuple
from typing import Any

__all__ = ["COL", "COLUMNS", "NAMES", "N_COLUMNS"]

#: (name, unit, meaning)
COLUMNS: tuple[tuple[str, str, str], ...] = (
    # population
    ("prospects", "accounts", "accounts never won, those in the queues of sales and onboarding included"),
    ("customers", "accounts", "customers of every voice"),
    ("former", "accounts", "former customers, those on their way back included"),
    ("advocates", "accounts", "customers who speak well"),
    ("detractors", "accounts", "customers who speak badly"),
    ("blocked", "accounts", "prospects who stay away after a bad message"),
    ("resting", "accounts", "prospects and former customers at rest after a lead that came to nothing"),
    # flows
    ("leads", "1/week", "new leads"),
    ("lapsed", "1/week", "leads that nobody worked in time"),
    ("qualified", "1/week", "leads qualified"),
    ("proposals", "1/week", "proposals made"),
    ("sold", "1/week", "sales closed, before onboarding"),
    ("agreed", "accounts", "deals that wait for the customer's budget; counted as those that wait to go live"),
    ("agreed_lost", "1/week", "deals lost while they waited for the customer's budget"),
    ("sold_waiting", "accounts", "sold and waiting to go live; counted with the prospects, or the former customers"),
    ("new_customers", "1/week", "customers won, without those won back"),
    ("referred_new", "1/week", "of these, won through word of mouth"),
    ("won_back", "1/week", "former customers who came back"),
    ("churned", "1/week", "customers lost"),
    ("churned_involuntary", "1/week", "of these, lost to payment failure"),
    ("renewals_due", "1/week", "contracts up for renewal"),
    ("expansions", "1/week", "customers who bought more"),
    ("spend", "$/week", "what the customers at the end of the week pay a week"),
    ("stayed", "accounts", "customers who were customers 52 weeks ago and have been ever since"),
    ("stayed_spend", "$/week", "what they pay a week"),
    ("expanded_spend", "$/week", "added to what customers pay by expansion"),
    ("churned_spend", "$/week", "taken from it by churn"),
    ("added", "1/week", "customers added (or, negative, removed) by the timeline"),
    # experience
    ("relationship", "share", "mean relationship of customers"),
    ("effort", "effort", "mean effort memory of customers"),
    ("experience", "share", "mean recent experience of customers"),
    ("touches", "1/week", "customers in touch with the company"),
    ("defects", "1/week", "touches that failed"),
    ("friction", "friction", "mean friction over handoffs"),
    ("handoffs_lost", "1/week", "handoffs in which information was lost"),
    # service
    ("contacts", "1/week", "issues that reached service, those contained and repeats included"),
    ("contained", "1/week", "contacts solved by self-service"),
    ("handled", "1/week", "issues handled"),
    ("repeat_contacts", "1/week", "contacts caused by failed fixes and lost handoffs"),
    ("backlog", "issues", "issues open at the end of the week"),
    ("wait_weeks", "weeks", "expected wait of an issue (event-timed queue: mean wait of those handled)"),
    ("waited", "1/week", "issues handled that had waited for a server (event-timed queue)"),
    ("abandoned", "1/week", "issues given up before they were served"),
    ("service_standard", "ratio", "standard of service relative to the original one"),
    ("utilisation", "ratio", "hours asked of service over hours it has"),
    # scores
    ("nps_true", "points", "net promoter score if everyone answered"),
    ("nps_survey", "points", "net promoter score of the last survey, as paid on"),
    ("csat_survey", "share", "satisfied share of the last survey, as paid on"),
    ("csat_true", "share", "satisfied share if everyone answered"),
    ("nps_taken", "points", "net promoter score of the last survey taken, seen after the survey's lag"),
    ("csat_taken", "share", "satisfied share of the last survey taken, seen after the survey's lag"),
    ("survey_answers", "count", "answers to this week's survey"),
    ("score_inflation", "points", "surveyed minus true NPS caused by gaming"),
    # teams
    ("alignment", "0..1", "length of the mean direction of the teams"),
    ("alignment_weighted", "0..1", "the same, weighted by magnitude"),
    ("customer_alignment", "-1..1", "cosine of the teams' resultant with the customers' need"),
    ("net_force", "heads", "sum of magnitudes along the need"),
    ("belief_cosine", "-1..1", "cosine of the experience map with the need"),
    ("map_accuracy", "0..1", "cosine of a map drawn this week with the need"),
    ("coordination_share", "share", "share of gross hours spent on coordination and meetings"),
    ("headcount", "heads", "people"),
    ("overload", "ratio", "mean over teams of demand above hours"),
    ("sales_delay_weeks", "weeks", "expected wait of a lead"),
    ("onboarding_wait_weeks", "weeks", "expected wait of a sold customer to go live"),
    ("effort_level", "ratio", "mean effort of the teams, 1 at reference"),
    ("gaming", "effort", "mean effort spent on gaming"),
    ("culture", "share", "culture stock"),
    # channels (M9)
    ("self_service", "1/week", "contacts that tried self-service first; contained over this is the containment"),
    # root causes and scores (M10, M14)
    ("causes", "share", "mean root causes of the touchpoints, hidden ones included"),
    ("causes_hidden", "share", "of these, hidden by patches"),
    ("firefighting", "share", "mean share of the hours for improving that symptoms take"),
    ("score_mean", "points", "mean score of the touchpoints at the last survey, from what the processes give"),
    ("score_variance", "points^2", "mean square of these scores' distance from target"),
    ("activity", "hours/week", "hours of projects opened in reaction to scores"),
    ("projects", "1/week", "such projects opened"),
    ("effort_mismatch", "share", "distance between where effort to improve goes and where causes show"),
    ("executive_belief", "share", "how well customers fare, as executives believe"),
    ("belief_gap", "share", "of this, owed to activity"),
    # decisions and blockers (M16, M18)
    ("decision_weeks", "weeks", "mean time until a decision that concerns two teams stands"),
    ("rework_rate", "probability", "mean chance that such a decision is reworked, each time"),
    ("misfit", "pairs", "coupled decisions taken apart, in pairs of average coupling"),
    ("decision_error", "variance", "mean error variance of decisions over touchpoints"),
    ("blockers_new", "1/week", "issues between teams that arose"),
    ("blockers_open", "issues", "issues between teams open at the end of the week"),
    ("blockers_resolved", "1/week", "issues between teams resolved for good"),
    ("blockers_reopened", "1/week", "resolutions that did not hold"),
    ("blockers_dropped", "1/week", "issues between teams left out because the list was full"),
    ("resolve_weeks", "weeks", "mean age at which issues were resolved, of the last week that resolved any"),
    # people (M19, M20)
    ("morale", "share", "mean morale of people; 0 where it plays no part"),
    ("norms", "share", "norms taken over from leaders"),
    ("service_orientation", "sd", "mean service orientation of people above the first staff's"),
    ("knowledge", "share", "practices people have right; 0 where nobody learns"),
    ("project_fixes", "share", "stock of project fixes"),
    ("competencies", "share", "mean stock of the competencies"),
    ("adherence", "share", "share of the experience map that is acted on"),
    ("adherence_reported", "share", "what checks say of it"),
    # leadership (M21, M15)
    ("leader_tenure_weeks", "weeks", "weeks the CCO has been in office, this one included; 0 = vacant"),
    ("leader_matured", "0 or 1", "whether the CCO has been in office longer than the lag of the effect"),
    ("leader_utilisation", "share", "share of the CCO's week that routed issues take"),
    ("leader_support", "share", "support of the CCO by the other executives"),
    ("leader_perceived_roi", "share", "gain in profit that executives see in the CCO's work"),
    ("attention", "share", "weight of customer equity against current revenue that steers budgets and target"),
    # loyalty (M22)
    ("members", "accounts", "customers in the loyalty programme"),
    ("member_churned", "1/week", "members lost"),
    ("rewards", "1/week", "rewards taken"),
    # product and ideas (M26)
    ("ideas", "1/week", "ideas of teams that work together"),
    ("idea_pairs", "pairs", "pairs of teams that work together, by how much"),
    ("idea_uptake", "ratio", "magnitude per head of who takes ideas up, over 1 + decision_weeks"),
    ("product_quality", "share", "quality of the product in use"),
    # selling (M27), purchases (M6), word of mouth (M5)
    ("deals_turned_away", "1/week", "qualified leads whose fit was below what sellers accept"),
    ("lone_deals", "1/week", "customers won or won back by lone wolves"),
    ("lone_churned", "1/week", "customers lost whom lone wolves had sold to"),
    ("purchases", "1/week", "purchases of customers without a contract"),
    ("exposure", "friends", "mean over customers of the friends they have lately seen leave"),
    # money
    ("revenue", "$/week", "revenue recognised"),
    ("revenue_referred", "$/week", "of this, from customers won through word of mouth"),
    ("list_price", "ratio", "list price relative to the base case"),
    ("discounts", "$/week", "given off the list price; revenue is net of it"),
    ("billed", "$/week", "cash billed"),
    ("deferred", "$", "billed and not yet recognised"),
    ("cost_of_revenue", "$/week", "cost of delivering, less what referred customers save"),
    ("referral_saving", "$/week", "saved on referred customers; within the cost of delivering, not a line itself"),
    ("service_cost", "$/week", "cost of contacts beside pay"),
    ("acquisition_cost", "$/week", "cost of leads and wins beside pay"),
    ("acquisition_pay", "$/week", "pay of the teams that own awareness or sale; within other lines, not one itself"),
    ("payroll", "$/week", "pay for hours that reach the work"),
    ("coordination_cost", "$/week", "pay for hours of coordination"),
    ("meeting_cost", "$/week", "pay for hours of meetings, and their cost"),
    ("bonus", "$/week", "bonuses"),
    ("touch_cost", "$/week", "cost of touches beside pay"),
    ("tech_cost", "$/week", "cost of the technology of self-service and of analytics"),
    ("programme_cost", "$/week", "cost of programmes"),
    ("reward_cost", "$/week", "cost of the rewards taken"),
    ("reward_liability", "$", "what the members' points would cost as rewards; not booked"),
    ("overhead", "$/week", "fixed cost"),
    ("total_cost", "$/week", "sum of the cost lines"),
    ("profit", "$/week", "revenue less total cost"),
    ("cash", "$", "cash at the end of the week"),
    ("value", "$", "cash flow to date, discounted to week 0"),
)

NAMES: tuple[str, ...] = tuple(name for name, _, _ in COLUMNS)
N_COLUMNS = len(NAMES)
#: ``COL.churned`` is the index of the column ``churned``; kernels see it as a constant.
COL: Any = namedtuple("COL", NAMES)(*range(N_COLUMNS))
