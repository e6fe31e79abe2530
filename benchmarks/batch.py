"""Linking many people at once: our `match batch` and Splink 5 over the same register, queries and cores, in one run.

usage: python -m benchmarks batch [--records 100000] [--queries 10000] [--full]

Register and queries come from the project's generator, its error classes equally often, and both look for people whose
birthday or name is misstated, over all cores. Ours keeps the register in PostgreSQL and reads it into memory within the
time that counts; Splink has it in DuckDB, and its model trained by EM, before its time begins. The target is of that;
further lines count the reading for both, and what Splink needs to learn of the data, which ours brings along. Precision
leaves out the classes that no evidence can decide. A run smaller than `--full` tells the figures and fails only where
precision is worse.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks._measures import line, title
from benchmarks._peers import ask, python
from benchmarks.lookups import database, load
from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.sandbox.people import write_register
from identity_provider.sandbox.people_queries import labelled_queries
from matching.batch import match_rows, write_answers
from matching.evaluate import Report, evaluate_files
from matching.policy import Policy

TODAY = date(2026, 11, 22)
SEED = 11
TARGET_RATE, TARGET_RATIO = 1_500, 3.0
FULL = {"records": 1_000_000, "queries": 50_000}


def main() -> int:
    """Generate, link by both, compare; fails when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--full", action="store_true", help="1,000,000 records and 50,000 queries")
    given = parser.parse_args()
    sizes = FULL if given.full else {"records": given.records, "queries": given.queries}
    title(f"Batch: {sizes['queries']:,} queries against {sizes['records']:,} records, {os.cpu_count()} cores")
    interpreter = python()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_register(folder / "register.csv", sizes["records"], SEED)
        labelled_queries(folder / "register.csv", folder, sizes["queries"], SEED)
        read, seconds = ours(folder)
        rate = sizes["queries"] / (read + seconds)
        report = evaluate_files(folder / "ours.csv", folder / "truth.csv")
        if interpreter is None:
            show("this project", rate, report, "")
            return 1
        peer = ask(interpreter, "batch_splink.py", folder)
        theirs = evaluate_files(folder / "splink.csv", folder / "truth.csv")
    line("Splink: files read into DuckDB", f"{peer['read']:.1f} s")
    line("Splink: model trained", f"{peer['trained']:.1f} s")
    missed = verdict(rate, report, sizes["queries"] / peer["seconds"], theirs, full=sizes["records"] >= FULL["records"])
    for counted, what in ((peer["read"], "reading"), (peer["read"] + peer["trained"], "reading and training")):
        theirs_so = sizes["queries"] / (counted + peer["seconds"])
        ratio = f"{rate / theirs_so:.2f} x Splink"
        line(f"both, the {what} counted", f"{rate:,.0f}", f"Splink {theirs_so:,.0f}", ratio)
    return missed


def ours(folder: Path) -> tuple[float, float]:
    """Seconds to read the register from PostgreSQL and to link, as `flask match batch` does it over all cores."""
    with database() as url:
        started = time.perf_counter()
        load(url, folder / "register.csv")
        line("this project: register imported", f"{time.perf_counter() - started:.1f} s")
        with (folder / "queries.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        replica = DqtReplica(url)
        try:
            started = time.perf_counter()
            register = replica.snapshot()
            read = time.perf_counter() - started
            line("this project: register read into memory", f"{read:.1f} s")
            write_answers(folder / "ours.csv", match_rows(register, rows, Policy.LINKAGE, TODAY))
            return read, time.perf_counter() - started - read
        finally:
            replica.close()


def verdict(rate: float, report: Report, peer_rate: float, peer: Report, *, full: bool) -> int:
    """Print both, and at full size whether ours is as much faster as wanted; precision counts at every size."""
    ratio = rate / peer_rate
    precise = (report.decidable.precision.value or 0.0) >= (peer.decidable.precision.value or 0.0)
    fast = ratio >= TARGET_RATIO and rate >= TARGET_RATE
    show("this project", rate, report, f"{ratio:.2f} x Splink", met=fast if full else None)
    show("Splink 5 at 0.999", peer_rate, peer, "")
    line("precision at least Splink's", "yes" if precise else "no", met=precise)
    return int(not precise or (full and not fast))


def show(who: str, rate: float, report: Report, ratio: str, *, met: bool | None = None) -> None:
    """One side: rate, precision, coverage."""
    counted = report.decidable
    line(
        f"{who}: queries a second",
        f"{rate:,.0f}",
        f">= {TARGET_RATE:,}/s, {TARGET_RATIO:g} x Splink" if ratio else "",
        ratio,
        met=met,
    )
    false = counted.false_link_rate
    line(f"{who}: precision", f"{counted.precision.value or 0:.4%}", f"{false.count:,} false of {false.total:,} links")
    line(f"{who}: coverage", f"{counted.coverage.value or 0:.2%}")
    line(f"{who}: registered people called none", f"{counted.false_none_rate.count:,}")


if __name__ == "__main__":
    sys.exit(main())
