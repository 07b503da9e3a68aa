"""What a reader must know about anything runnable."""

from dataclasses import dataclass

from upright.core.dimension import Dimension


@dataclass(frozen=True, kw_only=True)
class Card:
    """The label on the tin. Every benchmark, attack, defense, repair and explainer has one.

    `paper` is an arXiv id. `published_as` names the columns of the paper's results table
    that the `published` score set reproduces, and `published_judge` says how those were
    decided originally and by what we replace it ("" when rules decided and ours are the same).
    `language` is that of the questions: a judge is trusted in the language it was measured in.
    """

    title: str
    paper: str
    measures: str
    dimension: Dimension
    data: str
    licence: str
    limits: tuple[str, ...] = ()
    published_as: tuple[str, ...] = ()
    published_judge: str = ""
    why_different: str = ""
    harmful: bool = False
    modality: str = "text"
    access: str = "black box"
    language: str = "en"
    version: int = 1
