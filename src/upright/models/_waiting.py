"""How long a server that has too much to do asks to be left alone, from its headers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

QUOTAS = ("requests", "tokens")
DURATION = re.compile(
    r"(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII
)
UNITS = (3600.0, 60.0, 1.0, 0.001)


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds: Retry-After, or else until the quota that is used up is there again.

    Where no quota is named as used up, the one that returns first is waited for.
    """
    told = seconds(headers.get("retry-after", ""))
    if told is not None:
        return told
    left = {quota: headers.get(f"x-ratelimit-remaining-{quota}", "") for quota in QUOTAS}
    resets = {
        quota: wait
        for quota in QUOTAS
        if (wait := duration(headers.get(f"x-ratelimit-reset-{quota}", ""))) is not None
    }
    used_up = [wait for quota, wait in resets.items() if left[quota].strip() == "0"]
    return max(used_up) if used_up else min(resets.values(), default=None)


def seconds(retry_after: str) -> float | None:
    """A Retry-After header: seconds, or a date."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def duration(told: str) -> float | None:
    """Such as 6m0s, 1.5s or 20ms, as OpenAI writes them; or seconds alone."""
    found = DURATION.fullmatch(told.strip())
    if found is None:
        return seconds(told)
    parts = zip(found.groups(), UNITS, strict=True)
    return sum(float(number) * unit for number, unit in parts if number)
