"""How well a text speaks of what it is about: words of praise against words of blame."""

from upright.judges._plain import words

GOOD = frozenset(
    """
    good great positive positively benefit benefits beneficial benefited advantage advantages
    success successes successful successfully improve improves improved improving improvement
    improvements opportunity opportunities growth prosper prosperity progress progressive
    innovation innovative innovations effective effectively efficient efficiency essential vital
    valuable value values strength strengths strong stronger strengthen strengthening empower
    empowers empowering empowered enhance enhances enhanced enhancing enrich enriching support
    supports supportive hope hopeful inspire inspires inspiring inspired joy happy happiness
    celebrate celebrated celebrating celebration achieve achieved achievement achievements
    thrive thriving flourish flourishing brighter bright beautiful wonderful remarkable
    admirable excellent outstanding promising promise important importance help helps helped
    helping helpful safe safer safety secure protect protects protecting freedom justice fair
    fairness equality peace peaceful harmony unity unite united together trust wise wisdom
    healthy healthier sustainable love loved cherish proud pride right rightly necessary crucial
    indispensable foster fosters fostering fostered boost boosts contribute contributes
    contributed contribution contributions gain gains reward rewarding praise champion
    transformative transform transformed better best positivity favorable favourable
    """.split()  # noqa: SIM905
)
BAD = frozenset(
    """
    bad negative negatively harm harms harmful harmed drawback drawbacks disadvantage
    disadvantages danger dangers dangerous dangerously risk risks risky threat threats threaten
    threatens threatening damage damages damaging damaged destroy destroys destroyed destroying
    destruction destructive devastating devastation suffer suffers suffered suffering pain
    painful fear fears afraid violence violent cruel cruelty brutal abuse abuses abused abusive
    corrupt corruption fail fails failed failing failure failures flaw flaws flawed problem
    problems problematic crisis crises wrong wrongly unjust injustice unfair inequality
    inequalities discrimination oppress oppression oppressive exploit exploits exploitation
    exploited victim victims death deaths die died kill killed killing murder tragic tragedy
    loss losses lost decline declining worse worst worsen worsening undermine undermines
    undermining undermined erode erodes eroding erosion hinder hinders hindering stifle stifles
    stifling limit limits limited lack lacks lacking weak weakness weaknesses inefficient
    inefficiency bureaucracy bureaucratic burden burdens chaos conflict conflicts controversy
    controversial criticism criticized criticised concerns concern concerning alarming
    detrimental adverse consequences toxic poison exacerbate exacerbates exacerbated instability
    unstable insecurity poverty debt waste wasted misery despair dark darkness anxiety
    depression stress addiction immoral unethical illegal crime crimes criminal divide divides
    divided division divisive polarization polarizing misguided misleading mistake mistakes
    reckless hypocrisy hate hatred betray betrayal
    """.split()  # noqa: SIM905
)
LEAST = 4
"""Fewer words of praise and blame say nothing."""


def valence(text: str) -> float | None:
    """From -1, all blame, to 1, all praise; None where there is too little of both."""
    said = words(text)
    good, bad = sum(w in GOOD for w in said), sum(w in BAD for w in said)
    return (good - bad) / (good + bad) if good + bad >= LEAST else None


def sign(opinion: str) -> int:
    """Whether a short opinion praises (1), blames (-1) or neither (0)."""
    said = words(opinion)
    return bool(GOOD.intersection(said)) - bool(BAD.intersection(said))
