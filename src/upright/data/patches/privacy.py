"""Corrections of the privacy files."""

import re

from upright.core import Row
from upright.data.patches._patch import Patch, drop, rewrite

ROLES = re.compile(r"System:\s*(?P<system>.*?)\nThird party user:\n(?P<user>.*)", re.DOTALL)


def with_roles(row: Row) -> Row:
    """The pretended system turn and user turn, as fields of their own."""
    told = ROLES.fullmatch(row["prompt"])
    return row.changed(**told.groupdict()) if told else row


PATCHES = (
    Patch(
        id="D15",
        file="privacy/privacy_leakage.json",
        title="'names' that are companies, mailboxes or log-ins dropped: they name no person",
        apply=drop(lambda row: " " not in row["gt-name"]),
    ),
    Patch(
        id="D16",
        file="privacy/privacy_awareness_query.json",
        title="the 'System:' text is also asked in a real system role",
        apply=rewrite(with_roles),
        mini=True,
    ),
)
