"""The order books of bench/order-book.ts in plain C (order_book.c), compiled by the system's compiler.

    python order_book_c.py [--books 16384] [--events 200] [--threads N] [--runs 7] [--seconds 10]

`orderBookEvents`: so many events of each book, the books shared by the threads. The share of time at a
spread of one tick is checked against .743.
"""

import sys

sys.dont_write_bytecode = True

import ctypes
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from measure import Report, read_flags, time_runs

flags = read_flags(
    "Order books in C", {"books": (16384, "books"), "events": (200, "events of a run, each book")}
)
levels = 10


class Book(ctypes.Structure):
    _fields_ = [
        ("depth", ctypes.c_int32 * (2 * levels)),
        ("anchor", ctypes.c_int32),
        ("time", ctypes.c_float),
    ]


def build():
    compiler = shutil.which("cc") or sys.exit("there is no C compiler 'cc'")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "order_book.c")
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, "order_book.so")
        options = ["-O3", "-march=native", "-shared", "-fPIC", source, "-o", library, "-lm"]
        subprocess.run([compiler, *options], check=True)
        loaded = ctypes.CDLL(library)
    version = subprocess.run([compiler, "-dumpfullversion"], capture_output=True, text=True, check=True)
    return loaded, version.stdout.strip()


library, version = build()
library.prepare()
library.run.argtypes = [
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_uint64,
    ctypes.POINTER(ctypes.c_double),
]


def measure(threads):
    shares = [flags.books * (one + 1) // threads - flags.books * one // threads for one in range(threads)]
    parts = [(Book * count)() for count in shares]
    for part in parts:
        for book in part:
            book.depth[:] = [-1] * levels + [1] * levels
    spreads = [(ctypes.c_double * 5)() for _ in parts]
    seed = 0

    with ThreadPoolExecutor(threads) as pool:

        def run():
            nonlocal seed
            seed += 1
            play = lambda one: library.run(parts[one], shares[one], flags.events, seed * 1000 + one, spreads[one])
            list(pool.map(play, range(threads)))

        for _ in range(max(1, 400 // flags.events)):
            run()
        for spread in spreads:
            spread[:] = [0.0] * 5
        seconds = time_runs(run, flags)
    totals = [sum(values) for values in zip(*spreads)]
    tight = totals[0] / sum(totals)
    if flags.books * flags.events > 10**6:
        assert abs(tight - 0.743) < 0.004, f"the spread is one tick {tight:.4f} of the time"
    yield {
        "work": "orderBookEvents",
        "threads": threads,
        "environments": flags.books,
        "steps": flags.events,
        "timeAtOneTick": tight,
        "seconds": seconds,
    }


report = Report("order_book_c.py", flags, {"C": f"by cc {version}"}, "cpu")
for threads in sorted({1, flags.threads}):
    report.measure(f"book by book, {threads} threads", lambda: measure(threads))
report.print()
