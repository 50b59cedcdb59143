"""Measures and prints the ratios, with the aims beside them."""

import argparse
import json
import sys
from dataclasses import asdict

from tests.bench import crawling, many, overview, scoring


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("only", nargs="*", help="scoring, crawling, memory, many, overview; default: all")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    chosen = parser.parse_args()
    benches = {
        "scoring": _scoring,
        "crawling": _crawling,
        "memory": _memory,
        "many": _many,
        "overview": _overview,
    }
    wanted = chosen.only or list(benches)
    results = {name: benches[name]() for name in wanted}
    if chosen.json:
        sys.stdout.write(json.dumps(results) + "\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _scoring() -> dict[str, float]:
    result = scoring.measure()
    _say(f"scoring   {result.ratio:5.2f} x the transformers pipeline, same weights in fp32 (aim: 4)")
    _say(f"          {result.large_ratio:5.2f} x that pipeline with 12 layers of 768 (aim: 14)")
    return asdict(result) | {"ratio": result.ratio, "large_ratio": result.large_ratio}


def _crawling() -> dict[str, float]:
    result = crawling.measure()
    _say(f"crawling  {result.ratio:5.2f} of the bare spider's pages per CPU second when storing (aim: 0.8)")
    _say(f"          {result.again_ratio:5.2f} when all of it is known already")
    return asdict(result)


def _memory() -> dict[str, object]:
    result = crawling.weigh()
    _say(f"memory    {result.ratio:5.2f} x the peak after 1,000 pages when 10,000 are stored (aim: 1.1)")
    return asdict(result) | {"ratio": result.ratio}


def _many() -> dict[str, float]:
    result = many.measure()
    _say(
        f"many      {result.ratio:5.2f} of two cores for {result.sources} sources every 15 minutes (aim: under 0.5): "
        f"{result.a_minute:.0f} crawls a minute, at most {result.children} at once (aim: 4) and {result.a_host} a host"
    )
    return asdict(result) | {"ratio": result.ratio, "a_minute": result.a_minute}


def _overview() -> dict[str, float]:
    result = overview.measure()
    _say(
        f"overview  {result.ratio:5.2f} x p95 with {result.many:,} mentions against {result.few:,} (aim: 1.5): "
        f"{result.many_p95:.0f} ms and {result.few_p95:.0f} ms (aim: under 100)"
    )
    return asdict(result) | {"ratio": result.ratio}


if __name__ == "__main__":
    main()
