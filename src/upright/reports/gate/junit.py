"""A comparison as JUnit XML: one test case per benchmark, for whatever shows tests."""

from pathlib import Path
from xml.etree import ElementTree as ET

from upright.comparisons.two_runs.gate import Decision
from upright.comparisons.two_runs.result import Comparison, Difference
from upright.core.inert import inert
from upright.reports.scale import number
from upright.reports.text.comparison import gain, p_value, pairing_notes, signed
from upright.runs.storing.tables import write_whole


def write_junit(comparison: Comparison, decision: Decision, path: Path) -> None:
    """Failures: worse, or evidence lost. Skipped: not compared; where the gate is not strict,
    cannot tell."""
    suite = ET.Element("testsuite", name="upright compare", time="0")
    for difference in comparison.differences:
        _case(suite, difference, decision)
    for one in comparison.incomparable:
        case = ET.SubElement(suite, "testcase", classname="upright", name=inert(one.what), time="0")
        ET.SubElement(case, "skipped").text = f"not compared: {inert(one.why)}"
    for kind, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(kind, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    suite.set("errors", "0")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    write_whole(path, lambda file: file.write_bytes(text + b"\n"))


def told(difference: Difference) -> str:
    """One line: both values, the gain, and what to know of the pairing."""
    value, low, high = gain(difference)
    between = "" if low is None else f" [{signed(low)}, {signed(high)}]"
    notes = "".join(f"; {note}" for note in (*difference.notes, *pairing_notes(difference)))
    return inert(
        f"{difference.metric}: {number(difference.baseline)} → {number(difference.candidate)}, "
        f"gain {signed(value)}{between}, p {p_value(difference.gap.p_holm)}, "
        f"{difference.pairing.paired} pairs{notes}"
    )


def _case(suite: ET.Element, difference: Difference, decision: Decision) -> None:
    id = inert(difference.benchmark)
    case = ET.SubElement(suite, "testcase", classname="upright", name=id, time="0")
    line = told(difference)
    if difference.benchmark in (*decision.worse, *decision.lost):
        why = "worse" if difference.benchmark in decision.worse else "evidence lost"
        ET.SubElement(case, "failure", type=why, message=f"{why}: {line}").text = line
    elif difference.benchmark in decision.unproven:
        # No `message`: Jenkins' schema allows a failure one, but not what is skipped.
        ET.SubElement(
            case, "failure" if decision.strict else "skipped"
        ).text = f"cannot tell: {line}"
    ET.SubElement(case, "system-out").text = line
