"""What the reference programs beside this file have in common: flags, timing, and the report.

A program prints one JSON object on standard output,

    { program, versions, device, threads, results: [{ work, form, threads, rows | environments,
      seconds: { median, min, max, runs }, load, … }], skipped: [{ form, reason }] }

and tells how far it is on standard error. `work` is what a makertaker figure measures, `form` the way
in which the reference does it. A form that fails is skipped, with the reason, and the rest goes on.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import time


def read_flags(description, sizes):
    """sizes: name -> (default, help), each an integer flag."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runs", type=int, default=7, help="runs a figure at least, after those to warm up")
    parser.add_argument("--seconds", type=float, default=10, help="no further run after so long")
    parser.add_argument(
        "--least", type=float, default=1, help="short runs go on so long, and a third of it before any counts"
    )
    parser.add_argument("--threads", type=int, default=usable_cores(), help="default: all cores")
    parser.add_argument("--gpu", action="store_true", help="on the GPU, which must be there")
    parser.add_argument("--only", default="", help="only forms whose name matches this regular expression")
    for name, (default, text) in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{text}; default {default}")
    flags = parser.parse_args()
    use_cores(flags.threads)
    return flags


def usable_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_cores(count):
    """Fewer cores than there are: binds the process to the first ones, before a library counts them."""
    if hasattr(os, "sched_setaffinity") and count < usable_cores():
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def time_runs(run, flags):
    """Seconds of a run over the runs after those to warm up; run returns when the device has finished."""

    def time_once():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    spent = time_once()
    while spent < flags.least / 3:
        spent += time_once()
    times, spent = [], 0.0
    while not times or (spent < flags.seconds and (len(times) < flags.runs or spent < flags.least)):
        times.append(time_once())
        spent += times[-1]
    return {"median": statistics.median(times), "min": min(times), "max": max(times), "runs": len(times)}


def per(amount, seconds):
    """The same, of one of so many things done in a run."""
    return {key: value if key == "runs" else value / amount for key, value in seconds.items()}


class Report:
    def __init__(self, program, flags, versions, device):
        self.flags = flags
        self.start = time.perf_counter()
        self.content = {
            "program": program,
            "versions": {"python": platform.python_version(), **versions},
            "device": device,
            "results": [],
            "skipped": [],
        }

    def measure(self, form, run):
        """run() yields results without form; one that raises is skipped."""
        if not re.search(self.flags.only, form):
            return
        try:
            for result in run():
                # Of the machine over the last minute, the threads of this program included.
                load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0
                self.content["results"].append({"form": form, **result, "load": load})
                median = result["seconds"]["median"]
                self.say(f"{result['work']}, {form}: {1000 * median:.2f} ms")
        except Exception as error:
            reason = (str(error) or type(error).__name__).strip().splitlines()[0][:300]
            self.content["skipped"].append({"form": form, "reason": reason})
            self.say(f"{form} is skipped: {reason}")

    def say(self, text):
        seconds = time.perf_counter() - self.start
        print(f"{self.content['program']}, {seconds:.0f} s: {text}", file=sys.stderr, flush=True)

    def print(self):
        print(json.dumps(self.content))
