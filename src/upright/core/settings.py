"""What a run was asked to do: everything that, with the versions, makes it repeatable."""

from collections.abc import Mapping, Sequence

import msgspec

from upright.core.errors import UsageError

LEAST_SAMPLE = 20
"""The fewest answers that a judge model may be asked about: fewer correct nothing."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a run.

    suite       mini (ships with the package), trustllm (the paper's data) or another dataset
    benchmarks  ids, in order
    score_sets  upright, published or both; `published` exists for the paper's data only
    until       stop a benchmark as soon as its headline is known to this half-width (0.03)
    like        the folder of a finished run of a similar model, which may let `until` stop sooner
    decide      stop a benchmark as soon as its headline is surely above or below this bound (0.9)
    limit       at most this many samples per benchmark and score set; whole groups, stratified
    epochs      overrides every benchmark's own number of repeats
    max_tokens  overrides every benchmark's own longest answer (96 at most on the mini suite)
    choices     how options are picked: auto (by likelihood where benchmark and model allow
                it), text (always read from what the model wrote)
    judge       judge models' specs, or none for the rule fallbacks; of several the majority decides
    judge_votes   how often each is asked, the majority deciding; above 1 at temperature 1
    judge_sample  of how many answers of each score set, drawn at random; None means all. A sample
                corrects what the benchmark's own judge says of all answers, and replaces nothing
    attack_strings  a file of JailbreakBench's artifacts, whose prompts are asked instead of its
                    harmful behaviours
    """

    suite: str = "mini"
    benchmarks: tuple[str, ...] = ()
    score_sets: tuple[str, ...] = ("upright", "published")
    limit: int | None = None
    until: float | None = None
    like: str = ""
    decide: float | None = None
    epochs: int | None = None
    max_tokens: int | None = None
    seed: int = 0
    choices: str = "auto"
    judge: tuple[str, ...] | str = ()
    judge_votes: int = 1
    judge_sample: int | None = None
    attack_strings: str = ""

    def __post_init__(self) -> None:
        """One judge may be given by its name alone; letter by letter it would be many."""
        if isinstance(self.judge, str):
            msgspec.structs.force_setattr(self, "judge", (self.judge,) if self.judge else ())
        for name in ("limit", "epochs", "max_tokens", "judge_votes"):
            given = getattr(self, name)
            if given is not None and given < 1:
                raise UsageError(f"{name} must be 1 or more, not {given}.")
        self._check_stopping()
        self._check_sample()

    @property
    def stopping(self) -> str:
        """The options by which a benchmark may stop early; "" where it may not."""
        given = {"--until": self.until, "--decide": self.decide}
        return " and ".join(name for name, value in given.items() if value is not None)

    def _check_stopping(self) -> None:
        if self.until is not None and not 0 < self.until < 0.5:
            raise UsageError(f"until must lie between 0 and 0.5, such as 0.03, not {self.until}.")
        if self.decide is not None and not 0 <= self.decide <= 1:
            raise UsageError(f"decide must lie between 0 and 1, such as 0.9, not {self.decide}.")
        if self.stopping and self.judge:
            raise UsageError(
                f"{self.stopping} stops by the benchmarks' own judges, round by round, and judge "
                "models read answers after the last one: their verdicts would have no valid "
                f"interval. Leave out {self.stopping} or --judge."
            )
        if self.like:
            self._check_like()

    def _check_like(self) -> None:
        if self.until is None:
            raise UsageError(
                "--like names a run beside which a benchmark stops sooner, and nothing says when "
                "to stop. Add --until 0.03 or leave out --like."
            )
        if self.decide is not None:
            raise UsageError(
                "--decide holds an interval for the model's rate against its bound, and --like "
                "narrows what is known of the planned samples alone. Leave out one of them."
            )

    def _check_sample(self) -> None:
        sampled = self.judge_sample is not None
        need_judge(self.judge, {"--judge-votes": self.judge_votes > 1, "--judge-sample": sampled})
        if self.judge_sample is not None and self.judge_sample < LEAST_SAMPLE:
            raise UsageError(
                f"--judge-sample must be {LEAST_SAMPLE} or more, not {self.judge_sample}: fewer "
                "verdicts correct nothing."
            )


def need_judge(judge: Sequence[str], said: Mapping[str, object]) -> None:
    """Options, with what was given for them, that mean nothing without a judge model."""
    given = [option for option, value in said.items() if value]
    if given and not judge:
        raise UsageError(
            f"There is no judge model for {' and '.join(given)} to speak of. Add --judge MODEL or "
            "leave it out."
        )
