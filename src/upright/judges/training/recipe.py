"""From the labelled sets to the shipped files: `train("refusal", data, out)`.

    upright judge train refusal --data DIR --out OUT

The same command makes the same weights, bit for bit; the card says which they are.
"""

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import msgspec

from upright.judges._linear import save
from upright.judges.training import harm, refusal
from upright.judges.training.fit import Trained
from upright.judges.training.measure import DATE

RECIPES: dict[str, Callable[[Path], Trained]] = {"refusal": refusal.trained, "harm": harm.trained}


def train(name: str, data: Path, out: Path) -> str:
    """Train a judge, write its weights and card, and return the sha256 of the weights."""
    made = RECIPES[name](data)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.safetensors"
    digest = save(path, made.parts, made.tensors)
    card = {
        "judge": f"linear/{name}",
        "sha256": digest,
        "date": DATE,
        "parts": {part: linear.told() for part, linear in made.parts.items()},
        **made.told,
        "trained_on": [_source(data, file, licence) for file, licence in made.files.items()],
        "made_with": {package: version(package) for package in ("numpy", "scipy")},
        "command": f"upright judge train {name} --data DATA --out OUT",
    }
    text = msgspec.json.format(msgspec.json.encode(card), indent=1)
    path.with_suffix(".json").write_bytes(text + b"\n")
    return digest


def _source(data: Path, file: str, licence: str) -> dict[str, str]:
    place = data / file if (data / file).exists() else Path(__file__).parent / file
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    return {"file": file, "sha256": digest, "licence": licence}
