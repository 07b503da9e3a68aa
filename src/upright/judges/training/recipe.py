"""From the labelled sets to the shipped files: `train("refusal", data, out)`.

    OMP_NUM_THREADS=1 python -m upright.judges.training refusal ../shared/data out/

The same command makes the same weights, bit for bit; the card says which they are.
"""

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from upright.judges._linear import Linear, described
from upright.judges.training import harm, refusal
from upright.models._safetensors import save_tensors

DATE = "2026-11-26"
RECIPES: dict[str, Callable[[Path], Any]] = {"refusal": refusal.trained, "harm": harm.trained}


def train(name: str, data: Path, out: Path) -> str:
    """Train a judge, write its weights and card, and return the sha256 of the weights."""
    model, told, files = RECIPES[name](data)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.safetensors"
    save_tensors(
        path,
        {
            "bins": model.bins.astype(np.float16),
            "dense": model.dense.astype(np.float16),
            "bias": model.bias,
            "slope": model.slope,
        },
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = {
        "judge": f"linear/{name}",
        "sha256": digest,
        "date": DATE,
        "heads": list(model.heads),
        "features": described(model.features),
        **told,
        "trained_on": [_source(data, file, licence) for file, licence in files.items()],
        "made_with": {p: version(p) for p in ("numpy", "scipy", "scikit-learn")},
        "command": f"OMP_NUM_THREADS=1 python -m upright.judges.training {name} DATA OUT",
    }
    text = json.dumps(card, indent=1, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return digest


def _source(data: Path, file: str, licence: str) -> dict[str, str]:
    place = data / file if (data / file).exists() else Path(__file__).parent / file
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    return {"file": file, "sha256": digest, "licence": licence}
