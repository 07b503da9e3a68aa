"""Many plays and what they went through.

    python -m tests.chaos --runs 200 --seed 1 --minutes 10

Every draw comes from the seed; before which answer a blow falls also depends on the machine.
"""

import argparse
import shutil
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from tests.chaos.play import Report, play
from tests.chaos.world import World, small_disk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first play")
    parser.add_argument("--minutes", type=float, default=30.0, help="begin no play after these")
    parser.add_argument("--no-mount", action="store_true", help="full disk: limit files instead")
    told = parser.parse_args()
    start = time.monotonic()
    report = Report()
    place = Path(tempfile.mkdtemp(prefix="upright-chaos-"))
    with nullcontext() if told.no_mount else small_disk(place / "disk") as disk:
        world = World(place, disk)
        world.rehearse()
        for number in range(told.first, told.first + told.runs):
            if time.monotonic() - start > told.minutes * 60:
                break
            try:
                play(world, told.seed, number, report)
            except BaseException:
                print(f"Play {number} of seed {told.seed} failed; see {place}", flush=True)
                if disk:
                    shutil.copytree(disk, place / "kept")
                raise
            if disk:
                shutil.rmtree(disk / str(number))
    shutil.rmtree(place)
    print("disk full: a small tmpfs" if disk else "disk full: a limit on the size of files")
    print(f"{time.monotonic() - start:.0f} s")
    for name, value in vars(report).items():
        print(f"{name:<16}{dict(value) if isinstance(value, dict) else value}")


if __name__ == "__main__":
    main()
