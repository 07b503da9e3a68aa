"""Where a local model lies: the embedded one, one that a repair made, or a folder of the user's."""

from pathlib import Path

from upright.core import UsageError, unknown
from upright.data import cache_dir
from upright.models._embedded import NAME, embedded_folder

GUARDED = f"{NAME}-guarded"
HOW_TO_MAKE = {
    GUARDED: "upright repair refusal_tuning --data DIR (once, about ten minutes on two cores)"
}
"""The repaired models that Upright knows by name."""


def folder_of(name: str) -> Path:
    """The folder that `local/NAME` means; the embedded model is fetched if need be."""
    if name == NAME:
        return embedded_folder()
    path = Path(name).expanduser()
    if (path / "config.json").is_file():
        return path
    if path.name == name and (kept_at(name) / "config.json").is_file():
        return kept_at(name)
    if name in HOW_TO_MAKE:
        raise UsageError(
            f"local/{name} is not in {kept_at(name)} yet. Make it: {HOW_TO_MAKE[name]}"
        )
    raise _no_model(name, path)


def kept_at(name: str) -> Path:
    """Where the user's cache keeps a model of this name."""
    return cache_dir() / "models" / name


def _no_model(name: str, path: Path) -> UsageError:
    if path.is_dir():
        return UsageError(f"{path} holds no config.json, so no model that transformers wrote.")
    if path.is_file():
        return UsageError(
            f"{path} is a file. Name the folder that holds config.json, safetensors and "
            "tokenizer.json."
        )
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    folders = [str(p) for p in beside if (p / "config.json").is_file()]
    hint = unknown("local model or folder", name, [NAME, *HOW_TO_MAKE, *folders])
    return UsageError(f"{hint} From the Hugging Face hub: hf download ORG/NAME --local-dir DIR")
