"""Labelled files: what is read, and how a malformed row is named."""

import json
from pathlib import Path

import pytest

from upright.core import DataError, UprightError, UsageError
from upright.data import read_labelled

ROWS = [
    {"prompt": "p", "response": "Line one\nline\u2028two", "label": True, "model": "m"},
    {"prompt": "p", "response": "", "label": 0},
    {"prompt": "q", "response": "x", "label": "2_Full Refusal"},
    {"prompt": "q", "response": "x", "label": 1.0, "model": None},
]


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv"])
def test_three_formats_read_the_same(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"labels.{kind}"
    if kind == "jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n\n")
    elif kind == "json":
        path.write_text(json.dumps(ROWS))
    else:
        path.write_text(
            "\ufeffprompt,response,label,model\r\n"
            'p,"Line one\nline\u2028two",TRUE,m\r\np,,0,\r\nq,x,2_Full Refusal,\r\nq,x,1,\r\n',
            newline="",
        )
    rows = read_labelled(path)
    assert [row.label for row in rows] == ["true", "0", "2_full_refusal", "1"]
    assert rows[0].response == "Line one\nline\u2028two"
    assert [dict(row.more) for row in rows] == [{"model": "m"}, {}, {}, {}]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.jsonl", '{"prompt": "p", "response": "r", "label": 1}\n{', "a.jsonl, line 2: not JSON"),
        ("a.jsonl", '{"prompt": "p", "response": "r"}', "line 1: 'label' is missing"),
        ("a.jsonl", '["p"]', "line 1: expected an object"),
        ("a.jsonl", '{"prompt": 3, "response": "r", "label": 1}', "line 1: `prompt`"),
        ("a.jsonl", '{"prompt": "p", "response": "r", "label": [1]}', "line 1: a label is"),
        ("a.jsonl", "", "holds no rows"),
        ("a.json", "{}", "must hold a JSON array"),
        ("a.json", "[", "is not JSON"),
        ("a.csv", "prompt,response\np,r\n", "row 1: 'label' is missing"),
        ("a.csv", "prompt,response,label\np\n", "row 1: 'response' is missing"),
        ("a.csv", "prompt,response,label\np,r,1,2\n", "row 1: more cells"),
        ("a.xlsx", "x", "a.xlsx is not one of"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UprightError, match=why):
        read_labelled(tmp_path / name)


def test_a_missing_file_and_other_encodings_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        read_labelled(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_bytes("prompt,response,label\nö,r,1\n".encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8"):
        read_labelled(tmp_path / "a.csv")
