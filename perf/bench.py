"""Runs what measures speed and writes docs/performance.md.

make bench [PEERS=FOLDER]          see perf/engine.py for what FOLDER holds
"""

import argparse
import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
PACKAGES = ("aiohttp", "httptools", "uvloop", "msgspec", "numpy", "scipy", "pyarrow")
HEAD = """\
# Performance

Written by `make bench`. What is compared alternates, other harnesses too, so that ratios are
steadier than seconds: these drift with whatever else the machine does. Look at the load.
What several processes bring: [more workers](explain/scaling.md).

{when}, {machine}, {cores} cores, load {load}; Python {python}, {packages}.
"""
PARTS = {
    "engine.py": "The engine: what a sample costs",
    "scaling.py": "More workers: what each question costs, and what they bring",
    "finalise.py": "Ending a run of a million answers: time, and the most memory so far",
    "judges.py": "The judges: what a response costs",
    "analysis.py": "Reading runs",
}


def machine() -> str:
    """The processor's name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(names or [platform.processor()])[0]} ({platform.system()})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", default="")
    parser.add_argument("--samples", default="20000", help="of each run that analysis.py reads")
    given = parser.parse_args()
    extra = {
        "engine.py": ["--peers", given.peers] if given.peers else [],
        "scaling.py": ["--brief"],
        "analysis.py": ["--samples", given.samples, "--runs", "5"],
    }
    found = HEAD.format(
        when=date.today().isoformat(),
        machine=machine(),
        cores=os.cpu_count(),
        load=" ".join(f"{load:.1f}" for load in os.getloadavg()),
        python=platform.python_version(),
        packages=", ".join(f"{name} {version(name)}" for name in PACKAGES),
    )
    for script, title in PARTS.items():
        words = [script, *extra.get(script, [])]
        told = subprocess.run(
            [sys.executable, str(HERE / script), *words[1:]],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        ).stdout
        # The folder of the peers is nobody's business.
        shown = " ".join(word for word in words if word != given.peers or not word)
        found += f"\n## {title}\n\n`python perf/{shown}`\n\n```\n{told.strip()}\n```\n"
        print(told, flush=True)
    PAGE.write_text(found)


if __name__ == "__main__":
    main()
