"""One file or folder per method that changes weights: weights in, weights out."""

from pathlib import Path

from upright.core import OnStep, Repair, UsageError, registry

EMBEDDED = "local/smollm2-135m"


def repair(
    method: str | Repair,
    model: str = EMBEDDED,
    out: str = "",
    data: Path | str | None = None,
    threads: int | None = None,
    on_step: OnStep = lambda stage, done, total: None,
) -> Path:
    """Repair a local model on the CPU and keep the result in the cache as `local/OUT`.

    `method` is an id ("refusal_tuning") or a repair with settings of its own. The folder that
    comes back holds safetensors, a record (repair.json) and a card; it is there whole or not at
    all. The same machine, versions and threads make the same weights.

        upright.repair("refusal_tuning", data="datasets")
        upright.evaluate("local/smollm2-135m-guarded")
    """
    from upright.models._folders import kept_at  # noqa: PLC0415 - listing loads none of it
    from upright.models.weights import open_weights  # noqa: PLC0415
    from upright.repairs._keeping import keep  # noqa: PLC0415

    chosen: Repair = registry.load("repairs", method) if isinstance(method, str) else method
    named = out or f"{model.rstrip('/').rpartition('/')[2]}-{chosen.suffix}"
    if Path(named).name != named or named.startswith(".") or f"local/{named}" in (model, EMBEDDED):
        raise UsageError(f"--out {named}: give a plain name, another than the model's.")
    with open_weights(model, device="cpu", threads=threads) as weights:
        record = chosen.apply(weights, Path(data) if data else None, on_step)
        keep(weights, chosen, record, kept_at(named))
    return kept_at(named)
