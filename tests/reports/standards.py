"""What the source of every page must keep, whatever it is about and whoever wrote its texts."""

import base64
import hashlib
import re

from tests.reports.reading import read, unpacked


def is_inert(page: str, scripts: int) -> None:
    """No markup, character or address but our own, and a policy that names each script."""
    reader = read(page)
    data = reader.kinds["application/json"] + reader.kinds["text/plain"]
    assert reader.tags["script"] - data == scripts
    assert reader.tags["style"] == 1
    assert not reader.tags["img"]
    assert not [name for name in reader.attributes if name.startswith("on") or name == "style"]
    assert all(target.startswith("#") for target in reader.targets)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", page)
    keeps_its_policy(page)


def keeps_its_policy(page: str) -> None:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert found
    policy = found[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    own = re.findall("<script>(.*?)</script>", page, re.S)
    library = [source.decode() for source in unpacked(page, "library")]
    allowed = re.search("script-src ([^;]+);", policy)
    assert allowed
    assert allowed[1].split() == [f"'{_sha256(script)}'" for script in [*own, *library]]


def leads_somewhere(page: str) -> None:
    """Every link has a place, and every place one name."""
    reader = read(page)
    assert {target.removeprefix("#") for target in reader.targets} <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)


def _sha256(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
