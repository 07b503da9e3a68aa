"""A language model on disk: a folder with config.json, safetensors, tokenizer.json."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from upright.core import DataError, Message, UsageError, digest

SPECIAL = ("bos_token", "eos_token", "pad_token", "unk_token")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
WRONG_IN_TEMPLATES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template can raise besides jinja2's own errors; a range too long for the sandbox, say."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Everything but the network.

    template    how a chat becomes one text; "" where the model is not made for chats
    ends        the tokens that end an answer; `end` is the usual one
    """

    folder: Path
    config: Mapping[str, Any]
    tokenizer: Tokenizer
    template: str
    special: Mapping[str, str]
    ends: frozenset[int]
    end: int
    weights: tuple[Path, ...]

    @cached_property
    def hashes(self) -> dict[str, str]:
        """sha256 of each part that decides what the model answers."""
        return {
            "weights_sha256": _sha256(self.weights),
            "config_sha256": digest(self.config),
            "tokenizer_sha256": _sha256([self.folder / "tokenizer.json"]),
            "chat_template_sha256": _of_text(self.template),
        }

    @cached_property
    def fingerprint(self) -> str:
        """Eight digits that change whenever the answers may."""
        told = (self.hashes, sorted(self.ends), self.end, self.special)
        return digest(told)[:8]

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a chat, up to where the answer begins."""
        if not self.template:
            text = "\n".join(m.content for m in messages)
            return list(self.tokenizer.encode(text).ids)
        turns = [{"role": m.role, "content": m.content} for m in messages]
        try:
            text = self._rendered.render(
                messages=turns, add_generation_prompt=True, tools=None, **self.special
            )
        except WRONG_IN_TEMPLATES as error:
            raise jinja2.TemplateError(f"{type(error).__name__}: {error}") from error
        return self.encode_answer(text)

    def encode_answer(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True))

    @cached_property
    def _rendered(self) -> jinja2.Template:
        """Templates come with the model and are untrusted code: they run in a sandbox."""
        sandbox = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        sandbox.globals["raise_exception"] = _raise
        sandbox.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        sandbox.filters["tojson"] = lambda x, indent=None: json.dumps(
            x, ensure_ascii=False, indent=indent
        )
        return sandbox.from_string(self.template)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read everything but the tensors."""
    config = _json(folder / "config.json")
    words = _json(folder / "tokenizer_config.json", optional=True)
    generation = _json(folder / "generation_config.json", optional=True)
    tokenizer = _tokenizer(folder)
    special = {name: _spelled(words[name]) for name in SPECIAL if words.get(name)}
    told = generation.get("eos_token_id", config.get("eos_token_id"))
    ends = [told] if isinstance(told, int) else list(told or [])
    usual = tokenizer.token_to_id(special.get("eos_token", ""))
    if usual is not None and usual not in ends:
        ends.insert(0, usual)
    if not ends:
        raise DataError(f"{folder} does not say which token ends an answer (eos_token_id).")
    return Checkpoint(
        folder=folder,
        config=config,
        tokenizer=tokenizer,
        template=_template(folder, words),
        special=special,
        ends=frozenset(ends),
        end=usual if usual is not None else ends[0],
        weights=_weights(folder),
    )


def _weights(folder: Path) -> tuple[Path, ...]:
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return (single,)
    if index.is_file():
        # Only the names: an index must not lead out of the folder.
        told = _json(index).get("weight_map")
        if not isinstance(told, dict):
            raise DataError(f"{index} has no weight_map: it does not say where the tensors are.")
        names = sorted({Path(str(name)).name for name in told.values()})
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise DataError(f"{folder} lacks {', '.join(missing)}, which its index names.")
        return tuple(folder / name for name in names)
    pickled = sorted(path.name for form in PICKLES for path in folder.glob(form))
    if pickled:
        raise UsageError(
            f"{folder} holds its weights as {pickled[0]}, a pickle, which can run any code when "
            "it is opened. Upright reads safetensors only. Convert it once, where you trust it: "
            "AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW_DIR)"
        )
    raise UsageError(f"{folder} has no model.safetensors.")


def _tokenizer(folder: Path) -> Tokenizer:
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise UsageError(
            f"{folder} has no tokenizer.json. Make one: "
            "AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)"
        )
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise DataError(f"{path} is not a tokenizer: {error}.") from error
    # Some files carry the padding and truncation of their training.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _template(folder: Path, words: Mapping[str, Any]) -> str:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    told = words.get("chat_template") or ""
    if isinstance(told, list):  # several, by name
        told = next((t["template"] for t in told if t["name"] == "default"), "")
    return str(told)


def _json(path: Path, *, optional: bool = False) -> dict[str, Any]:
    if optional and not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if not isinstance(told, dict):
        raise DataError(f"{path} holds no JSON object.")
    return told


def _spelled(token: Any) -> str:
    """A special token is a string, or an object that says more about it."""
    return str(token["content"] if isinstance(token, dict) else token)


def _sha256(paths: Sequence[Path]) -> str:
    """Of one file, or of the hashes of several."""
    found = []
    for path in paths:
        with path.open("rb") as file:
            found.append(hashlib.file_digest(file, "sha256").hexdigest())
    return found[0] if len(found) == 1 else _of_text("\n".join(found))


def _of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _raise(reason: str) -> NoReturn:
    raise jinja2.TemplateError(reason)
