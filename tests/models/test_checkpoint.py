"""Folders with a model in them: what is read, what is refused, what is never run."""

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest

from tests.models import tiny
from upright.core import DataError, Message, UsageError, ask
from upright.models._checkpoint import Checkpoint, load_checkpoint
from upright.models._safetensors import load_tensors, save_tensors

PICKLE = b"\x80\x04cos\nsystem\n"


def changed(place: Path, file: str, **changes: Any) -> Checkpoint:
    """A tiny checkpoint with some entries of a JSON file replaced; None removes one."""
    path = tiny.folder(place) / file
    told = json.loads(path.read_text()) if path.exists() else {}
    kept = {k: v for k, v in (told | changes).items() if v is not None}
    path.write_text(json.dumps(kept))
    return load_checkpoint(place)


def with_template(place: Path, template: str) -> Checkpoint:
    return changed(place, "tokenizer_config.json", chat_template=template)


def shown(checkpoint: Checkpoint, *messages: Message) -> str:
    """The text that a chat becomes, special tokens included."""
    tokens = checkpoint.encode(messages or ask("Hi."))
    return str(checkpoint.tokenizer.decode(tokens, skip_special_tokens=False))


def test_a_chat_becomes_the_text_that_the_template_says(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(tiny.folder(tmp_path))
    assert shown(checkpoint, *ask("Hi?", "Be brief.")) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert checkpoint.decode([*checkpoint.encode_answer("Né."), tiny.END]) == "Né."


def test_templates_know_what_transformers_gives_them(tmp_path: Path) -> None:
    template = (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'tool' %}{% continue %}{% endif %}"
        "{{ m | tojson }}{% endfor %}{% if not tools %}!{% endif %}"
    )
    text = shown(with_template(tmp_path, template), *ask("Ä"), Message("tool", "x"))
    assert text == '<|im_start|>{"role": "user", "content": "Ä"}!'


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.system('touch HERE') }}",
        "{{ raise_exception.__globals__['json'] }}",
        "{{ self.__init__.__globals__ }}",
        "{{ messages.append(1) }}",
        "{% include 'HERE' %}",
        "{% for i in range(10 ** 9) %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ messages[0].role.nothing.there }}",
        "{% if %}",
        "{{ raise_exception('no system turns, please') }}",
    ],
)
def test_what_a_template_must_not_do_is_an_error_of_the_template(
    tmp_path: Path, template: str
) -> None:
    here = tmp_path / "here"
    checkpoint = with_template(tmp_path / "model", template.replace("HERE", str(here)))
    with pytest.raises(jinja2.TemplateError):
        checkpoint.encode(ask("Hi."))
    assert not here.exists()


def test_where_a_template_is_found(tmp_path: Path) -> None:
    named = [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]
    several = changed(tmp_path, "tokenizer_config.json", chat_template=named)
    assert shown(several) == "D"
    (tmp_path / "chat_template.jinja").write_text("F", encoding="utf-8")
    assert shown(load_checkpoint(tmp_path)) == "F"


def test_a_model_that_is_not_made_for_chats_reads_the_bare_messages(tmp_path: Path) -> None:
    checkpoint = changed(tmp_path, "tokenizer_config.json", chat_template=None)
    assert shown(checkpoint, *ask("Hi?", "Be brief.")) == "Be brief.\nHi?"


def test_padding_and_truncation_left_from_training_are_dropped(tmp_path: Path) -> None:
    trained = tiny.tokenizer()
    trained.enable_truncation(4)
    trained.enable_padding(length=64)
    trained.save(str(tiny.folder(tmp_path) / "tokenizer.json"))
    assert len(load_checkpoint(tmp_path).encode_answer("eight...")) == 8


@pytest.mark.parametrize(
    ("config", "generation", "ends"),
    [
        (2, None, {2}),
        ([0, 2], None, {0, 2}),
        (2, [0, 1], {0, 1, 2}),  # eos_token is an end whatever the files say
        (None, None, {2}),
    ],
)
def test_every_end_token_is_known(
    tmp_path: Path, config: Any, generation: Any, ends: set[int]
) -> None:
    changed(tmp_path, "config.json", eos_token_id=config)
    told = {} if generation is None else {"eos_token_id": generation}
    (tmp_path / "generation_config.json").write_text(json.dumps(told))
    checkpoint = load_checkpoint(tmp_path)
    assert checkpoint.ends == ends
    assert checkpoint.end == tiny.END


def test_a_model_that_never_ends_is_refused(tmp_path: Path) -> None:
    changed(tmp_path, "config.json", eos_token_id=None)
    words = {k: v for k, v in tiny.WORDS.items() if k != "eos_token"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(words))
    with pytest.raises(DataError, match="which token ends an answer"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.ckpt", "consolidated.00.pth"])
def test_a_pickle_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    (tiny.folder(tmp_path) / "model.safetensors").unlink()
    (tmp_path / name).write_bytes(PICKLE)
    with pytest.raises(UsageError, match=rf"{name}, a pickle.*save_pretrained\(NEW_DIR\)"):
        load_checkpoint(tmp_path)


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tiny.folder(tmp_path) / "model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"has no model\.safetensors"):
        load_checkpoint(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match=r"tokenizer\.json is not a tokenizer"):
        load_checkpoint(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(UsageError, match=r"AutoTokenizer.*save_pretrained"):
        load_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text("[1")
    with pytest.raises(DataError, match=r"config\.json cannot be read"):
        load_checkpoint(tmp_path)


def sharded(place: Path, index: object) -> Path:
    """A checkpoint whose weights lie in two files, beside a secret that is none of its own."""
    weights = tiny.tensors()
    model = tiny.folder(place / "model", weights=weights)
    (model / "model.safetensors").rename(place / "secret.safetensors")
    for part in (0, 1):
        kept = {name: t for k, (name, t) in enumerate(weights.items()) if k % 2 == part}
        save_tensors(model / f"part-{part}.safetensors", kept)
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    return model


def test_weights_in_several_files_are_read_together(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "part-1.safetensors", "b": "part-0.safetensors"}}
    checkpoint = load_checkpoint(sharded(tmp_path, index))
    assert [path.name for path in checkpoint.weights] == [f"part-{k}.safetensors" for k in (0, 1)]
    read = {name for path in checkpoint.weights for name in load_tensors(path)}
    assert read == set(tiny.tensors())


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ({"weight_map": {"a": "part-2.safetensors"}}, r"lacks part-2\.safetensors"),
        ({"weight_map": {"a": "../secret.safetensors"}}, r"lacks secret\.safetensors"),
        ({"weight_map": {"a": "ABSOLUTE/secret.safetensors"}}, r"lacks secret\.safetensors"),
        ({"weight_map": {"a": ".."}}, r"lacks \.\."),
        ({}, "has no weight_map"),
    ],
)
def test_an_index_names_files_of_its_own_folder_only(
    tmp_path: Path, index: object, told: str
) -> None:
    place = json.loads(json.dumps(index).replace("ABSOLUTE", str(tmp_path)))
    with pytest.raises(DataError, match=told):
        load_checkpoint(sharded(tmp_path, place))


def test_the_fingerprint_changes_with_whatever_decides_the_answers(tmp_path: Path) -> None:
    plain = load_checkpoint(tiny.folder(tmp_path / "plain")).fingerprint
    assert load_checkpoint(tiny.folder(tmp_path / "copy")).fingerprint == plain
    other_weights = tiny.folder(tmp_path / "weights", weights=tiny.tensors(seed=1))
    other_tokenizer = tiny.folder(tmp_path / "tokenizer")
    longer = tiny.tokenizer()
    longer.add_tokens(["Hi"])
    longer.save(str(other_tokenizer / "tokenizer.json"))
    others = [
        load_checkpoint(other_weights),
        load_checkpoint(other_tokenizer),
        with_template(tmp_path / "template", tiny.TEMPLATE + " "),
        changed(tmp_path / "config", "config.json", rope_theta=5e5),
        changed(tmp_path / "ends", "generation_config.json", eos_token_id=[0, 2]),
        changed(tmp_path / "begins", "tokenizer_config.json", bos_token="<|endoftext|>"),
    ]
    assert len({plain, *(other.fingerprint for other in others)}) == 1 + len(others)
