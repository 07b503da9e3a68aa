"""What turns a response into a verdict."""

from upright.judges._degenerate import own_words
from upright.judges._rule import RuleJudge, TogetherJudge, right_or_wrong, unparsed
from upright.judges.calibration import calibrate
from upright.judges.choice import YES_NO, choice, chosen, labels, named, yes_no
from upright.judges.email import emails
from upright.judges.equivalence import equivalence
from upright.judges.harm import harm, harmful
from upright.judges.numbers import rating
from upright.judges.refusal import classify, refusal
from upright.judges.rubric import to_request, to_verdict
from upright.judges.similarity import content, similarity
from upright.judges.stance import agrees, preferred
from upright.judges.toxicity import toxicity

__all__ = [
    "YES_NO",
    "RuleJudge",
    "TogetherJudge",
    "agrees",
    "calibrate",
    "choice",
    "chosen",
    "classify",
    "content",
    "emails",
    "equivalence",
    "harm",
    "harmful",
    "labels",
    "named",
    "own_words",
    "preferred",
    "rating",
    "refusal",
    "right_or_wrong",
    "similarity",
    "to_request",
    "to_verdict",
    "toxicity",
    "unparsed",
    "yes_no",
]
