"""What each mechanism is in plain words, and how a company could find out how strong it is at home."""

__all__ = ["how_to_learn", "plain_name"]

#: Block of a scenario -> what it is about, and what one could measure.
_MECHANISMS = {
    "market": ("How customers are won and lost", "monthly leads, wins and losses by cohort; why the last fifty left"),
    "relationship": ("What customers remember", "follow a cohort's scores and renewals after a good and a bad episode"),
    "journey": ("What each touch is worth to a customer", "ask after each touch and see who stays, by touch"),
    "handoffs": ("What is lost between teams", "count cases that change hands; mend one handoff in half of the cases"),
    "word_of_mouth": ("Word of mouth", "ask every new customer who told them, and invite referrals in some regions"),
    "contracts": ("Renewals and notice", "renewals by length of contract and by week of the window"),
    "expansion": ("What customers buy further", "purchases of a cohort after its first year, by how content it is"),
    "service": ("What waiting and open issues do", "issues, waits and renewals by account; staff one queue better"),
    "channels": ("Channels and technology", "let some accounts have it first; compare costs, issues and scores"),
    "causes": ("Whether causes get mended", "trace recurring issues to their causes; mend two and count what returns"),
    "vectors": ("How fast teams turn, and what turning does", "ask teams twice a year what comes first; try it in one"),
    "incentives": ("How strongly pay moves people", "change the scheme of one region or team for two quarters"),
    "sensing": ("How well needs are known", "compare what surveys say with what customers who left had said"),
    "reactions": ("How teams answer to scores", "see what changes in the quarter after a bad score, and what does not"),
    "strategy": ("How far a strategy reaches people", "ask in each team what the goal is, before and after it is told"),
    "decisions": ("Who may decide", "time from request to answer; let one team decide within a limit"),
    "cadence": ("How far meetings turn teams", "start the meeting in some teams first, and ask all before and after"),
    "blockers": ("What stands in the way", "log blockers for a quarter: how many, how long, who took them away"),
    "capacity": ("How work suffers under load", "hours, queues and mistakes by week; look at the busiest tenth"),
    "culture": ("How people change", "leavers, newcomers and their scores by team over a year"),
    "leadership": ("How far leaders are followed", "what leaders speak of, and what teams say comes first, by month"),
    "loyalty": ("What a loyalty programme changes", "give it to a random half of the new customers"),
    "ledger": ("Prices and costs", "the books: cost by activity, discounts given, and when money comes in"),
    "measures": ("What is measured", "send the survey to a random half, and compare with what customers do"),
    "timeline": ("What changes when", "dates in the plan, and how long the last change took"),
    "ideas": ("What new ideas bring", "ideas tried, kept, and sales or renewals with and without them"),
    "structure": ("How the company and its market are built", ""),
    "teams": ("What each team is able to do", "hours, tasks and mistakes of each team by week, for a quarter"),
    "segments": ("What customers need and could do without", "ask fifty of each segment what they would buy instead"),
    "selling": ("How selling presses", "promises in the last fifty deals, and how many of these customers stayed"),
}  # fmt: skip

#: Choice that nobody knows -> what one could measure.
_CHOICES = {
    "market.network.kind": "ask a hundred customers whom they talk to about the trade, and draw it",
    "word_of_mouth.normalise": "see whether customers who know many bring more than those who know few",
    "journey.directions": "see whether a team that works for something else does harm, or only less good",
    "contracts.window_effect": "of the deals lost late last year, how many lacked only a budget",
}


def plain_name(block: str) -> str:
    """Return what a mechanism is about; a name that is no mechanism's stays.

    Examples
    --------
    >>> plain_name("cadence"), plain_name("my own group")
    ('How far meetings turn teams', 'my own group')
    """
    return _MECHANISMS[block][0] if block in _MECHANISMS else block


def how_to_learn(path: str) -> str:
    """Say how one could find out about a setting; empty where nothing is known of its mechanism.

    Examples
    --------
    >>> how_to_learn("loyalty.pull")
    'give it to a random half of the new customers'
    >>> how_to_learn("market.network.kind")
    'ask a hundred customers whom they talk to about the trade, and draw it'
    """
    if path in _CHOICES:
        return _CHOICES[path]
    return _MECHANISMS.get(path.partition(".")[0], ("", ""))[1]
