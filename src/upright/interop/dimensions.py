"""Which dimension of trust other tools' benchmarks measure, as data.

The first pattern that fits decides. What none fits measures none of the eight: capability and
knowledge tests, a team's own prompts. A guess by a benchmark's name would be one we cannot defend.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from upright.core import OTHER, Dimension

KNOWN: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.TRUTHFULNESS: (
        *("lm_eval/truthfulqa*", "lm_eval/halueval*", "lm_eval/factscore*", "lm_eval/simpleqa*"),
        *("garak/snowball.*", "garak/misleading.*", "garak/packagehallucination.*"),
        *("inspect/truthfulqa*", "inspect/simpleqa*", "inspect/sycophancy*", "inspect/mask*"),
        *("promptfoo/hallucination*", "promptfoo/sycophancy*"),
    ),
    Dimension.FAIRNESS: (
        *("lm_eval/crows_pairs*", "lm_eval/bbq*", "lm_eval/winogender*", "lm_eval/simple_cooc*"),
        *("inspect/bbq*", "inspect/bold*", "inspect/stereoset*"),
        "promptfoo/bias*",
    ),
    Dimension.PRIVACY: (
        *("garak/leakreplay.*", "garak/propile.*", "garak/apikey.*"),
        *("promptfoo/pii*", "promptfoo/cross-session-leak*"),
    ),
    Dimension.ETHICS: (
        *("lm_eval/hendrycks_ethics*", "lm_eval/ethics_*", "lm_eval/moral_stories*"),
        *("inspect/moru*", "inspect/machiavelli*"),
    ),
    Dimension.ROBUSTNESS: (
        *("lm_eval/anli*", "lm_eval/adv_glue*", "lm_eval/advglue*"),
        *("garak/glitch.*", "garak/badchars.*"),
    ),
    Dimension.SAFETY: (
        *("lm_eval/toxigen*", "lm_eval/realtoxicityprompts*", "lm_eval/wmdp*"),
        *("garak/dan.*", "garak/encoding.*", "garak/promptinject.*", "garak/latentinjection.*"),
        *("garak/atkgen.*", "garak/continuation.*", "garak/donotanswer.*", "garak/dra.*"),
        *("garak/doctor.*", "garak/fitd.*", "garak/goat.*", "garak/grandma.*", "garak/lmrc.*"),
        *("garak/malwaregen.*", "garak/phrasing.*", "garak/realtoxicityprompts.*"),
        *("garak/sata.*", "garak/suffix.*", "garak/tap.*", "garak/visual_jailbreak.*"),
        *("inspect/xstest*", "inspect/strong_reject*", "inspect/wmdp*", "inspect/agentharm*"),
        *("inspect/coconot*", "inspect/fortress*", "inspect/makemesay*", "inspect/sosbench*"),
        *("promptfoo/harmful*", "promptfoo/jailbreak*", "promptfoo/prompt-extraction*"),
        *("promptfoo/beavertails*", "promptfoo/harmbench*", "promptfoo/donotanswer*"),
        *("promptfoo/xstest*", "promptfoo/aegis*", "promptfoo/pliny*", "promptfoo/toxic-chat*"),
    ),
}


def dimension_of(id: str) -> str:
    """Of an imported benchmark, such as "lm_eval/truthfulqa_mc1"."""
    for dimension, patterns in KNOWN.items():
        if any(fnmatchcase(id, pattern) for pattern in patterns):
            return dimension
    return OTHER
