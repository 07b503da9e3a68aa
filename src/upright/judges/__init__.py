"""What turns a response into a verdict."""

from upright.judges._degenerate import own_words
from upright.judges._rule import RuleJudge, TogetherJudge, right_or_wrong, unparsed
from upright.judges._together import Kind
from upright.judges.calibration import Rated, calibrate
from upright.judges.choice import YES_NO, choice, chosen, labels, named, yes_no
from upright.judges.coherence import language, problem
from upright.judges.detectors import JUDGES, Detector
from upright.judges.email import emails
from upright.judges.entailment import entails
from upright.judges.equivalence import equivalence
from upright.judges.harm import harm, harmful
from upright.judges.leak import leaks
from upright.judges.measuring import measure
from upright.judges.numbers import rating
from upright.judges.refusal import KindJudge, classify, kinds, refusal, turned_down
from upright.judges.rubric import to_request, to_verdict
from upright.judges.similarity import content, similarity
from upright.judges.stance import agrees, leaning, preferred
from upright.judges.straight import no_straight_answer, topic
from upright.judges.toxicity import toxicity

__all__ = [
    "JUDGES",
    "YES_NO",
    "Detector",
    "Kind",
    "KindJudge",
    "Rated",
    "RuleJudge",
    "TogetherJudge",
    "agrees",
    "calibrate",
    "choice",
    "chosen",
    "classify",
    "content",
    "emails",
    "entails",
    "equivalence",
    "harm",
    "harmful",
    "kinds",
    "labels",
    "language",
    "leaks",
    "leaning",
    "measure",
    "named",
    "no_straight_answer",
    "own_words",
    "preferred",
    "problem",
    "rating",
    "refusal",
    "right_or_wrong",
    "similarity",
    "to_request",
    "to_verdict",
    "topic",
    "toxicity",
    "turned_down",
    "unparsed",
    "yes_no",
]
