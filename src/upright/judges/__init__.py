"""What turns a response into a verdict."""

from upright.judges._rule import RuleJudge, TogetherJudge, right_or_wrong, unparsed
from upright.judges.choice import YES_NO, choice, chosen, labels, named, yes_no

__all__ = [
    "YES_NO",
    "RuleJudge",
    "TogetherJudge",
    "choice",
    "chosen",
    "labels",
    "named",
    "right_or_wrong",
    "unparsed",
    "yes_no",
]
