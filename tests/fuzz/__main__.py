"""`python -m tests.fuzz --count 100000`: mutated rules files through the whole check, on all processors."""

import argparse
import multiprocessing
import os
import sys

from tests.fuzz.judging import judge, tell


def main() -> int:
    """The exit status: 1 when a mutant was judged by anything but errors or a pass, or not in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    failed, passed, seconds, slowest = 0, 0, 0.0, (0.0, 0)
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        numbers = range(chosen.first, chosen.first + chosen.count)
        for done, verdict in enumerate(pool.imap_unordered(judge, numbers, chunksize=50), 1):
            seconds += verdict.seconds
            slowest = max(slowest, (verdict.seconds, verdict.number))
            passed += not verdict.codes
            if verdict.failure:
                failed += 1
                tell(verdict)
            if done % 10_000 == 0:
                print(f"{done} mutants, {failed} failed", flush=True)
    wrong = chosen.count - passed - failed
    print(
        f"{chosen.count} mutants: {passed} passed, {wrong} gave errors, {failed} failed;"
        f" {1000 * seconds / max(1, chosen.count):.1f} ms each, the slowest {slowest[0]:.2f} s ({slowest[1]})"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
