"""A repaired model as a folder: whole under its name, or not there at all."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from upright.core import Repair, StoreError
from upright.models._checkpoint import load_checkpoint
from upright.models._safetensors import Tensors, save_tensors

if TYPE_CHECKING:
    from upright.models.weights import Weights

COPIED = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "chat_template.jinja",
)
RECORD = "repair.json"
PACKAGES = ("upright", "torch", "transformers", "numpy")


def keep(weights: "Weights", repair: Repair, record: Mapping[str, Any], folder: Path) -> None:
    """Write weights, record and card beside, then move them into place; an older one goes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
        new = Path(place) / folder.name
        new.mkdir()
        _write(weights, repair, record, new)
        old = Path(place) / "old"
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        except OSError as error:
            if old.exists():
                old.rename(folder)
            raise StoreError(f"{folder} cannot be written ({error.strerror}).") from error


def _write(weights: "Weights", repair: Repair, record: Mapping[str, Any], new: Path) -> None:
    save_tensors(new / "model.safetensors", _tensors(weights.module))
    for name in COPIED:
        if (weights.checkpoint.folder / name).is_file():
            shutil.copyfile(weights.checkpoint.folder / name, new / name)
    # The network is in float32 now, whatever it came in.
    config = json.loads((new / "config.json").read_text(encoding="utf-8"))
    kept = {name: value for name, value in config.items() if name not in ("dtype", "torch_dtype")}
    _json(new / "config.json", {**kept, "torch_dtype": "float32"})
    _json(new / "source.json", {"source": f"{repair.id} of {weights.id}"})
    made = load_checkpoint(new)
    whole = {
        "repair": repair.id,
        "of": weights.id,
        "of_sha256": weights.checkpoint.hashes,
        "made_sha256": made.hashes,
        "versions": {name: version(name) for name in PACKAGES},
        **record,
    }
    _json(new / RECORD, whole)
    (new / "README.md").write_text(_card(weights, repair, folder=new.name), encoding="utf-8")


def _tensors(module: Any) -> Tensors:
    """In float32; what two layers share is stored once, under the first name."""
    found: Tensors = {}
    seen: set[int] = set()
    for name, tensor in module.state_dict().items():
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            found[name] = tensor.detach().cpu().float().numpy().astype(np.float32, copy=False)
    return found


def _card(weights: "Weights", repair: Repair, folder: str) -> str:
    card = repair.card
    limits = "\n".join(f"- {limit}" for limit in card.limits)
    return (
        f"# {folder}\n\n{card.title} of {weights.id}. What it is meant to change: "
        f"{card.measures}.\n\nData: {card.data}. Licence: {card.licence}.\n\n{limits}\n\n"
        f"Settings, data hashes, losses and versions: {RECORD}.\n"
    )


def _json(path: Path, told: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=1), encoding="utf-8")
