"""The order books of bench/order-book.ts in JAX: the flow of Cont, Stoikov and Talreja (2010) in a window
of ten levels a side, one event of every book a step.

    python order_book_jax.py [--books 16384] [--events 200] [--devices N] [--threads N] [--runs 7]
        [--seconds 10] [--gpu]

`orderBookEvents`: a run is so many events of all books in one jit. Forms differ in whether a book is a
row or, with `levels first`, a column, in the generator of random numbers (three words an event), and in
the number of host devices that share the books. The share of time at a spread of one tick is checked
against .743.
"""

import sys

sys.dont_write_bytecode = True

import math

from jax_devices import Devices, start
from measure import Report, read_flags, time_runs

flags = read_flags(
    "Order books in JAX",
    {
        "books": (16384, "books"),
        "events": (200, "events of a run, each book"),
        "devices": (0, "devices that share the books; 0: as many as cores, one GPU"),
    },
)
counts, device = start(flags)

import jax
import jax.numpy as jnp
from jax import lax

levels = 10
width = 2 * levels
cancel = [0.71, 0.81, 0.68, 0.56, 0.47]
limit = [1.85, 1.51, 1.09, 0.88, 0.77] + [1.92 / i**0.52 for i in range(6, levels + 1)]
market, limits = 0.94, sum(limit)
mean = limit[-1] / cancel[-1]
weights = [math.exp(-mean) * mean**n / math.factorial(n) for n in range(16)]


def make_event(axis):
    """axis: along which the prices of a book lie, 0 or 1; numbers of a book keep it with length one."""
    along = lambda values: jnp.expand_dims(jnp.asarray(values, jnp.float32), 1 - axis)
    part = lambda x, first, last: lax.slice_in_dim(x, first, last, axis=axis)
    columns = along(range(width))
    arrivals = along(jnp.cumsum(jnp.asarray(limit))[:-1])
    entering = along(jnp.cumsum(jnp.asarray(weights)))
    total_of = lambda x: jnp.sum(x, axis, keepdims=True)
    count = lambda x: total_of(x.astype(jnp.float32))

    def event(depth, draws):
        first, second, third = draws
        is_bid = depth < 0
        bid = jnp.max(jnp.where(is_bid, columns, -1), axis, keepdims=True)
        ask = jnp.min(jnp.where(depth > 0, columns, width), axis, keepdims=True)
        distance = jnp.where(is_bid, ask - columns, columns - bid)
        rate = cancel[-1]
        for i, one in enumerate(cancel[:-1]):
            rate = jnp.where(distance == i + 1, one, rate)
        cancels = jnp.cumsum(rate * jnp.abs(depth), axis)
        total = part(cancels, width - 1, width) + 2 * (market + limits)
        wait = -jnp.log(1 - first) / total
        choice = second * total
        is_market, hits_bid = choice < 2 * market, choice < market
        choice = choice - 2 * market
        is_limit, is_limit_bid = choice < 2 * limits, choice < limits
        ticks = 1 + count(jnp.where(is_limit_bid, choice, choice - limits) >= arrivals)
        place = jnp.where(is_limit_bid, ask - ticks, bid + ticks)
        cancelled = count(cancels <= choice - 2 * limits)
        column = jnp.where(
            is_market, jnp.where(hits_bid, bid, ask), jnp.where(is_limit, place, cancelled)
        )
        added = jnp.where(is_limit_bid, -1.0, 1.0)
        removed = jnp.where(column >= ask, -1.0, 1.0)
        change = jnp.where(is_limit & ~is_market, added, removed)
        depth = depth + jnp.where(columns == column, change, 0)
        offset = bid + ask - (width - 1)
        orders = count(third >= entering)
        up = jnp.concatenate([part(depth, 1, width), orders], axis)
        down = jnp.concatenate([-orders, part(depth, 0, width - 1)], axis)
        depth = jnp.where(offset >= 2, up, jnp.where(offset <= -2, down, depth))
        ticks = (offset >= 2).astype(jnp.float32) - (offset <= -2).astype(jnp.float32)
        return depth, ticks, wait, ask - bid

    return event


def simulate(axis, key, depth, anchor, time, tight):
    books = depth.shape[1 - axis]
    event = make_event(axis)
    shape = (3, books, 1) if axis == 1 else (3, 1, books)

    def advance(carry, _):
        depth, anchor, time, tight, key = carry
        key, now = jax.random.split(key)
        words = jax.random.bits(now, shape, jnp.uint32)
        draws = lax.bitcast_convert_type((words >> 9) | jnp.uint32(0x3F800000), jnp.float32) - 1
        depth, ticks, wait, spread = event(depth, draws)
        tight = tight + jnp.where(spread == 1, wait, 0)
        return (depth, anchor + ticks, time + wait, tight, key), None

    carry, _ = lax.scan(advance, (depth, anchor, time, tight, key), None, length=flags.events)
    return carry[:4]


def measure(axis, generator, devices):
    whole, split = devices.whole, devices.split if axis == 1 else devices.split_second
    share = lambda key, *books: simulate(axis, jax.random.fold_in(key, devices.index()), *books)
    run = devices.jit(share, (whole,) + (split,) * 4, (split,) * 4)
    book = jnp.asarray([-1.0] * levels + [1.0] * levels)
    shape = (flags.books, 1) if axis == 1 else (1, flags.books)
    depth = jnp.broadcast_to(jnp.expand_dims(book, 1 - axis), (shape[0] * width, shape[1]) if axis == 0 else (shape[0], width))
    books = devices.put((depth, jnp.zeros(shape), jnp.zeros(shape), jnp.zeros(shape)), split)
    key = lambda seed: devices.put(jax.random.key(seed, impl=generator), whole)
    for seed in range(max(1, 400 // flags.events)):
        books = run(key(seed), *books)
    before = books
    books = run(key(1000), *books)
    tight = float((books[3] - before[3]).sum() / (books[2] - before[2]).sum())
    if flags.books * flags.events > 10**6:
        assert abs(tight - 0.743) < 0.004, f"the spread is one tick {tight:.4f} of the time"
    one = key(2000)
    seconds = time_runs(lambda: jax.block_until_ready(run(one, *books)), flags)
    yield {
        "work": "orderBookEvents",
        "threads": flags.threads,
        "devices": devices.count,
        "environments": flags.books,
        "steps": flags.events,
        "timeAtOneTick": tight,
        "seconds": seconds,
    }


report = Report("order_book_jax.py", flags, {"jax": jax.__version__}, device)
for devices in map(Devices, counts):
    for axis, title in ((1, "books first"), (0, "levels first")):
        for generator in ("threefry2x32", "rbg"):
            report.measure(
                f"{title}, {generator.removesuffix('2x32')}{devices}",
                lambda: measure(axis, generator, devices),
            )
report.print()
