"""What the engine costs per sample, beside the bare client below it.

    python perf/engine.py [--rounds 5] [--samples 5000] [--peers FOLDER]

W1: questions at no latency, 256 at once: all that is measured is overhead. W2: 500 ms, which only
concurrency hides. W3: memory as runs grow, their questions read from files. W4: how long one
sample takes, from the shell.

`upright` is a whole run: plan, journal on the disk, cache, the refusal judge, estimates, Parquet.
`bare` is aiohttp on uvloop, which keeps the texts and nothing else; `wire` is the same over our own
client. Every measurement is a process of its own on one core, the server one on another; they
alternate and ratios are taken within a round. FOLDER holds virtual environments of the peers:
`v_inspect`, `v_lmeval` and `v_trustllm`.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from _peers import PEERS, children, run_peer, version_of

HERE = Path(__file__).parent
CONNECTIONS = 256
LATENCY = 0.5
BENCHMARK = 2_000
"""Questions of a benchmark, as the paper's larger ones have them."""

QUICK, MORE = ("upright", "lmeval"), 5
"""What a further question takes of these shows only among so many times as many: it is less than
what their start-up differs by."""

Told = dict[str, float]


def upright(url: str, count: int, folder: Path, files: Path | None = None) -> None:
    from _made_up import Asked, carry_out

    carry_out(Asked(url, count, CONNECTIONS, files=files), folder)


def bare(url: str, count: int, folder: Path) -> None:
    import uvloop

    uvloop.run(_bare(url, count))


async def _bare(url: str, count: int) -> None:
    import aiohttp
    import msgspec
    from _made_up import TOKENS, prompts

    waiting, texts = iter(prompts(count)), []
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def work() -> None:
            for prompt in waiting:
                messages = [{"role": "user", "content": prompt}]
                body = {"model": "mock", "messages": messages, "max_tokens": TOKENS}
                data = msgspec.json.encode(body)
                async with session.post(f"{url}/chat/completions", data=data) as response:
                    told = msgspec.json.decode(await response.read())
                texts.append(told["choices"][0]["message"]["content"])

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


def wire(url: str, count: int, folder: Path) -> None:
    import uvloop

    uvloop.run(_wire(url, count))


async def _wire(url: str, count: int) -> None:
    import msgspec
    from _made_up import TOKENS, prompts

    from upright.models._wire import Wire

    waiting, texts = iter(prompts(count)), []
    headers = {"Content-Type": "application/json"}
    client = Wire(f"{url}/chat/completions", headers, CONNECTIONS, 120.0)

    async def work() -> None:
        for prompt in waiting:
            messages = [{"role": "user", "content": prompt}]
            body = {"model": "mock", "messages": messages, "max_tokens": TOKENS}
            told = msgspec.json.decode((await client.post(msgspec.json.encode(body))).body)
            texts.append(told["choices"][0]["message"]["content"])

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    await client.close()


CLIENTS: Mapping[str, Callable[[str, int, Path], None]] = {
    client.__name__: client for client in (upright, wire, bare)
}


def client(name: str, url: str, count: int) -> None:
    """In a process of its own: print what one client took, but for imports and the questions."""
    from _made_up import prompts

    prompts(count)
    if name == "bare":
        import aiohttp  # noqa: F401
    else:
        import upright.api
        import upright.models.openai  # noqa: F401

    with TemporaryDirectory() as folder:
        if name == "upright" and count > 1:  # the judge's weights and the plan's code, read once
            CLIENTS[name](url, 1, Path(folder) / "first")
        start, cpu = time.perf_counter(), time.process_time()
        CLIENTS[name](url, count, Path(folder))
        spent = time.perf_counter() - start
        cpu = time.process_time() - cpu
    print(json.dumps({"wall": spent, "cpu": cpu}))


def measured(name: str, url: str, count: int) -> Told:
    """One client in a process of its own, and what the server saw of it."""
    server_cpu = seen(url)["cpu"]
    words = [sys.executable, __file__, "--client", name, "--url", url, "--samples", str(count)]
    start = time.perf_counter()
    done = subprocess.run([*pinned(1), *words], check=True, capture_output=True, text=True)
    whole = time.perf_counter() - start
    told: Told = json.loads(done.stdout.splitlines()[-1])
    return {**told, "whole": whole, "server_cpu": seen(url)["cpu"] - server_cpu}


def seen(url: str) -> Told:
    with urlopen(f"{url}/stats") as reply:
        found: Told = json.load(reply)
    return found


def pinned(core: int) -> list[str]:
    """Server and client each keep a core to themselves, where there are two."""
    can = sys.platform == "linux" and (os.cpu_count() or 1) > 1
    return ["taskset", "-c", str(core)] if can else []


@contextmanager
def serving(latency: float, at_once: int = 0) -> Iterator[str]:
    words = [*pinned(0), sys.executable, str(HERE / "_server.py"), "--latency", str(latency)]
    words += ["--at-once", str(at_once)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def alternating(url: str, count: int, rounds: int) -> list[dict[str, Told]]:
    return [{name: measured(name, url, count) for name in CLIENTS} for _ in range(rounds)]


def overhead(count: int, rounds: int) -> None:
    with serving(0.0) as url:
        found = alternating(url, count, rounds)
    print(f"W1: {count:,} questions, no latency, {CONNECTIONS} at once; median of {rounds}")
    for name in CLIENTS:
        wall, cpu, server = (
            median(round_[name][key] for round_ in found) for key in ("wall", "cpu", "server_cpu")
        )
        print(
            f"  {name:8} {count / wall:8,.0f} samples/s {1e3 * cpu / count:7.3f} ms CPU a sample; "
            f"server busy {server / wall:4.0%}"
        )
    ratio = median(round_["upright"]["cpu"] / round_["bare"]["cpu"] for round_ in found)
    print(f"  upright takes {ratio:.2f} times the CPU of the bare client")
    ratio = median(round_["bare"]["cpu"] / round_["wire"]["cpu"] for round_ in found)
    print(f"  the bare client takes {ratio:.2f} times the CPU of our own")


def hidden(count: int, rounds: int) -> None:
    ideal = LATENCY * -(-count // CONNECTIONS)
    with serving(LATENCY) as url:
        found = alternating(url, count, rounds)
    told = f"{count:,} questions, {LATENCY * 1e3:.0f} ms, {CONNECTIONS} at once"
    print(f"W2: {told}: {ideal:.1f} s at best")
    for name in CLIENTS:
        wall = median(round_[name]["wall"] for round_ in found)
        print(f"  {name:8} {wall:6.2f} s, {ideal / wall:4.0%} of the ideal")


def memory(sizes: tuple[int, int]) -> None:
    """The most that a process ever held, all questions in one benchmark or in many."""
    for each in (max(sizes), BENCHMARK):
        with serving(0.0) as url:
            small, large = (held(url, size, max(1, size // each)) for size in sizes)
        grown = 1024 * (large - small) / (sizes[1] - sizes[0])
        told = f"{small:.0f} MB at {sizes[0]:,}, {large:.0f} MB at {sizes[1]:,}"
        shape = "one benchmark" if each == max(sizes) else f"benchmarks of {each:,}"
        print(f"W3, {shape}: {told}: {grown:.2f} kB a sample")


def held(url: str, count: int, parts: int) -> float:
    """MB of a run whose questions come from files."""
    from _made_up import write_files

    with TemporaryDirectory() as folder:
        files = Path(folder) / "questions"
        write_files(files, count, parts)
        words = [sys.executable, __file__, "--client", "files", "--url", url, "--files", str(files)]
        words += ["--samples", str(count)]
        done = subprocess.run([*pinned(1), *words], check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def client_of_files(url: str, count: int, files: Path) -> None:
    """In a process of its own: print the MB that a run held at most."""
    with TemporaryDirectory() as folder:
        upright(url, count, Path(folder), files)
    print(peak())


def peak() -> float:
    """MB that this process held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def latency(rounds: int) -> None:
    help_ = [str(Path(sys.executable).with_name("upright")), "--help"]
    with serving(0.0) as url:
        one = median(measured("upright", url, 1)["whole"] for _ in range(rounds))
    shown = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(help_, check=True, capture_output=True)
        shown.append(time.perf_counter() - start)
    print(f"W4: upright --help {median(shown):.2f} s; one sample, all in {one:.2f} s")


def peers(folder: Path | None, count: int, rounds: int) -> None:
    """From shell to shell, and what each further question costs, which leaves start-up out."""
    there = {p: folder / f"v_{p}" / "bin" / "python" for p in PEERS} if folder else {}
    there = {peer: python for peer, python in there.items() if python.exists()}
    for peer in sorted(set(PEERS) - there.keys()):
        print(f"{peer}: skipped, no virtual environment of it was given (--peers)")
    if not there:
        return
    sizes = {
        name: (count, MORE * count) if name in QUICK else (count // 3, count)
        for name in ("upright", *there)
    }
    found = [_side_by_side(there, sizes) for _ in range(rounds)]
    own = median(_further(one["upright"]) for one in found)
    print(f"{count:,} questions, no latency, from shell to shell; median of {rounds}")
    print(f"  {', '.join(version_of(*peer) for peer in there.items())}")
    for name in sizes:
        wall, cpu = (median(one[name][count][key] for one in found) for key in ("wall", "cpu"))
        times = median(one[name][count]["cpu"] / one["upright"][count]["cpu"] for one in found)
        each = median(_further(one[name]) for one in found)
        print(
            f"  {name:8} {count / wall:7.0f} samples/s {1e3 * cpu / count:7.2f} ms CPU a sample, "
            f"{times:5.1f} times that of upright; each further one {1e3 * each:7.2f} ms, "
            f"{each / own:5.1f} times"
        )


def _further(found: Mapping[int, Told]) -> float:
    """Seconds of CPU that one question more takes."""
    few, many = sorted(found)
    return (found[many]["cpu"] - found[few]["cpu"]) / (many - few)


def _side_by_side(
    there: Mapping[str, Path], sizes: Mapping[str, tuple[int, int]]
) -> dict[str, dict[int, Told]]:
    """Every harness with few questions and with many."""
    from _made_up import prompts

    def carried_out(name: str, count: int) -> Told:
        if name == "upright":
            return whole(url, count)
        with TemporaryDirectory() as scratch:
            return run_peer(name, there[name], url, prompts(count), Path(scratch), pinned(1))

    with serving(0.0) as url:
        return {
            name: {count: carried_out(name, count) for count in of} for name, of in sizes.items()
        }


def whole(url: str, count: int) -> Told:
    """Upright from shell to shell."""
    words = [sys.executable, __file__, "--client", "upright", "--url", url]
    before, start = children(), time.perf_counter()
    subprocess.run([*pinned(1), *words, "--samples", str(count)], check=True, capture_output=True)
    return {"wall": time.perf_counter() - start, "cpu": children() - before}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", choices=("w1", "w2", "w3", "w4", "peers"))
    parser.add_argument("--client", choices=[*CLIENTS, "files"])
    parser.add_argument("--url", default="")
    parser.add_argument("--files", type=Path)
    given = parser.parse_args()
    if given.client == "files":
        client_of_files(given.url, given.samples, given.files)
        return
    if given.client:
        client(given.client, given.url, given.samples)
        return
    work: dict[str, Callable[[], None]] = {
        "w1": lambda: overhead(given.samples, given.rounds),
        "w2": lambda: hidden(2000, given.rounds),
        "w3": lambda: memory((10_000, 50_000)),
        "w4": lambda: latency(given.rounds),
        "peers": lambda: peers(given.peers, min(given.samples, 900), given.rounds),
    }
    for name, measure in work.items():
        if given.only in (None, name):
            measure()


if __name__ == "__main__":
    main()
