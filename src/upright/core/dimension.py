"""The eight dimensions of trustworthiness (TrustLLM, arXiv 2401.05561, section 3)."""

from enum import StrEnum


class Dimension(StrEnum):
    """What is being trusted. The value is also the folder of its benchmarks."""

    TRUTHFULNESS = "truthfulness"
    SAFETY = "safety"
    FAIRNESS = "fairness"
    ROBUSTNESS = "robustness"
    PRIVACY = "privacy"
    ETHICS = "ethics"
    TRANSPARENCY = "transparency"
    ACCOUNTABILITY = "accountability"


OTHER = "other"
"""Where an imported benchmark measures none of the eight. Never a folder of ours."""
