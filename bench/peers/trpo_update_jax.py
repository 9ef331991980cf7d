"""The update that bench/trpo-updates.ts measures, in JAX: a policy 4 -> 64 -> 64 -> 2 with tanh,
diagonal Gaussian, damping .1, ten conjugate gradient iterations, line search, all in one jit.

    python trpo_update_jax.py [--rows 32768] [--chunk 4096] [--devices N] [--threads N]
        [--runs 7] [--seconds 10] [--gpu]

Forms of the Fisher-vector product:

    jvp of grad              of the KL divergence, linearised once an update
    linearize                Gauss–Newton, its tangent by `jax.linearize`, which is then transposed
    gauss-newton             tangent and backward pass written out, over activations computed once
    gauss-newton in blocks   the same, and the rest of the update, a `scan` over chunks of rows
    … on N devices           rows split over N host devices (default: as many as cores; 1: not)

`fisherProduct` is one product, where it can be called by itself; `in conjugate gradients` says that
it is one of 30 in a row, in one jit. On a GPU every form is measured with the default precision of
matrix products and with `highest`. The difference of a result is that of its product, or step, from
the first form's.
"""

import sys

sys.dont_write_bytecode = True

import math

from jax_devices import Devices, start
from measure import Report, per, read_flags, time_runs

flags = read_flags(
    "A TRPO update in JAX",
    {
        "rows": (32768, "rows of the update"),
        "chunk": (4096, "rows of a block; a quarter of it is tried too"),
        "devices": (0, "devices that share the rows; 0: as many as cores, one GPU"),
    },
)
counts, device = start(flags)

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree

damping, trust_region, iterations, ratio, tries = 0.1, 0.01, 10, 0.8, 10
rows = flags.rows
keys = jax.random.split(jax.random.key(0), 8)


def make_parameters():
    sizes, parameters = [4, 64, 64, 2], []
    for index, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        gain = 0.01 if outputs == 2 else math.sqrt(2)
        weights = jax.nn.initializers.orthogonal(gain)(keys[index], (inputs, outputs))
        parameters += [weights, jnp.zeros(outputs)]
    return [*parameters, jnp.full(2, -0.5)]  # log standard deviation


start_parameters, unflatten = ravel_pytree(make_parameters())


def forward(p, x):
    h1 = jnp.tanh(x @ p[0] + p[1])
    h2 = jnp.tanh(h1 @ p[2] + p[3])
    return h1, h2, h2 @ p[4] + p[5]


def log_probability(mean, log_std, action):
    z = (action - mean) * jnp.exp(-log_std)
    return -0.5 * jnp.square(z).sum(1) - log_std.sum() - math.log(2 * math.pi)


def divergence(mean0, log_std0, mean, log_std):
    """Of each row."""
    variances = jnp.exp(2 * log_std0) + jnp.square(mean0 - mean)
    return (log_std - log_std0 + variances / (2 * jnp.exp(2 * log_std)) - 0.5).sum(1)


def make_batch():
    """Observation, action, advantage and, of the policy before the update, log-probability."""
    p = unflatten(start_parameters)
    observation = jax.random.normal(keys[4], (rows, 4))
    mean = forward(p, observation)[2]
    action = mean + jnp.exp(p[6]) * jax.random.normal(keys[5], (rows, 2))
    missed = jnp.square(action - 0.3 * observation[:, :2]).sum(1)
    advantage = jax.random.normal(keys[6], (rows,)) - missed
    advantage = (advantage - advantage.mean()) / advantage.std()
    return observation, action, advantage, log_probability(mean, p[6], action)


# A form prepares v -> the sum over these rows of F v, without damping: (theta, rows, saved) -> product.


def by_log_std(v, share):
    """The part of F v that the log standard deviation has, which does not depend on the rows."""
    return jnp.zeros_like(v).at[-2:].set(2 * share * v[-2:])


def jvp_of_grad(theta, x, _saved):
    mean0, log_std0 = forward(unflatten(theta), x)[2], unflatten(theta)[6]

    def kl(theta):
        p = unflatten(theta)
        return divergence(mean0, log_std0, forward(p, x)[2], p[6]).sum() / rows

    return jax.linearize(jax.grad(kl), theta)[1]


def linearize(theta, x, _saved):
    tangent = jax.linearize(lambda theta: forward(unflatten(theta), x)[2], theta)[1]
    backward = jax.linear_transpose(tangent, theta)
    precision = jnp.exp(-2 * unflatten(theta)[6]) / rows
    return lambda v: backward(tangent(v) * precision)[0] + by_log_std(v, x.shape[0] / rows)


def curve(p, d, x, h1, h2):
    """Gauss–Newton written out: network part of F v over some rows; d: v by parameter."""
    slope1, slope2 = 1 - h1 * h1, 1 - h2 * h2
    moved1 = (x @ d[0] + d[1]) * slope1
    moved2 = (h1 @ d[2] + moved1 @ p[2] + d[3]) * slope2
    error = (h2 @ d[4] + moved2 @ p[4] + d[5]) * (jnp.exp(-2 * p[6]) / rows)
    error2 = sum(error[:, i : i + 1] * p[4][:, i] for i in range(2)) * slope2  # faster than @ p[4].T
    error1 = (error2 @ p[2].T) * slope1
    pairs = ((x, error1), (h1, error2), (h2, error))
    return [g for inputs, e in pairs for g in (inputs.T @ e, e.sum(0))]


def gauss_newton(chunk):
    def prepare(theta, x, saved):
        p = unflatten(theta)

        def product(v):
            d = unflatten(v)
            network, _ = by_blocks(chunk, lambda *block: (curve(p, d, *block), ()), x, *saved)
            return ravel_pytree([*network, jnp.zeros(2)])[0] + by_log_std(v, x.shape[0] / rows)

        return product

    return prepare


def by_blocks(chunk, function, *tensors):
    """The sums over the blocks of rows that function returns first, and the rows that it returns second."""
    if chunk is None:
        return function(*tensors)
    chunk = min(chunk, tensors[0].shape[0])
    blocks = [t.reshape(-1, chunk, *t.shape[1:]) for t in tensors]

    def add(total, block):
        part, kept = function(*block)
        return jax.tree.map(jnp.add, total, part), kept

    shapes = jax.eval_shape(function, *(t[0] for t in blocks))[0]
    zeros = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
    total, kept = lax.scan(add, zeros, blocks)
    return total, jax.tree.map(lambda t: t.reshape(-1, *t.shape[2:]), kept)


# name -> (form, whether it uses saved activations, rows of a block)
forms = {
    "jvp of grad": (jvp_of_grad, False, None),
    "linearize": (linearize, False, None),
    "gauss-newton": (gauss_newton(None), True, None),
}
# Blocks are for the caches of a CPU: on an H100 they took six times as long.
for chunk in () if flags.gpu else (flags.chunk // 4, flags.chunk):
    forms[f"gauss-newton in blocks of {chunk}"] = (gauss_newton(chunk), True, chunk)


def solve(product, b, iterations):
    def iterate(_, state):
        x, r, p, rr = state
        image = product(p)
        step = rr / (p @ image)
        x, r = x + step * p, r - step * image
        rr, previous = r @ r, rr
        return x, r, r + (rr / previous) * p, rr

    x, r, _, _ = lax.fori_loop(0, iterations, iterate, (jnp.zeros_like(b), b, b, b @ b))
    return x, r


def differentiate(chunk, theta, batch):
    """Surrogate and its gradient; mean and activations of each row."""

    def surrogate(theta, observation, action, advantage, old_log_probability):
        p = unflatten(theta)
        h1, h2, mean = forward(p, observation)
        change = log_probability(mean, p[6], action) - old_log_probability
        return (advantage * jnp.exp(change)).sum() / rows, (mean, (h1, h2))

    def of_block(*block):
        (value, kept), gradient = jax.value_and_grad(surrogate, has_aux=True)(theta, *block)
        return (value, gradient), kept

    return by_blocks(chunk, of_block, *batch)


def judge(chunk, theta, log_std0, batch, mean0):
    """Surrogate and KL divergence of a candidate."""
    p = unflatten(theta)

    def of_block(observation, action, advantage, old_log_probability, mean0):
        mean = forward(p, observation)[2]
        change = log_probability(mean, p[6], action) - old_log_probability
        kl = divergence(mean0, log_std0, mean, p[6])
        return (jnp.stack([(advantage * jnp.exp(change)).sum(), kl.sum()]) / rows), ()

    return by_blocks(chunk, of_block, *batch, mean0)[0]


def update(form, devices, theta, *batch):
    """New parameters and tries of the line search."""
    total = devices.total
    prepare, saves, chunk = form
    (before, gradient), (mean0, saved) = differentiate(chunk, theta, batch)
    before, gradient = total(before), total(gradient)
    undamped = prepare(theta, batch[0], saved if saves else ())
    direction, residual = solve(lambda v: total(undamped(v)) + damping * v, gradient, iterations)
    step = jnp.sqrt(2 * trust_region / (direction @ (gradient - residual))) * direction
    log_std0 = unflatten(theta)[6]

    def attempt(state):
        tried = state[0]
        candidate = theta + ratio ** tried.astype(jnp.float32) * step
        surrogate, kl = total(judge(chunk, candidate, log_std0, batch, mean0))
        return tried + 1, candidate, (kl <= trust_region) & (surrogate > before)

    tried, candidate, found = lax.while_loop(
        lambda state: ~state[2] & (state[0] < tries), attempt, (jnp.int32(0), theta, jnp.bool_(False))
    )
    return jnp.where(found, candidate, theta), tried


expected = {}


def relative(name, found):
    """The difference from the first one of this name."""
    expected.setdefault(name, found)
    return float(jnp.linalg.norm(found - expected[name]) / jnp.linalg.norm(expected[name]))


def measure(form, devices, precision):
    prepare, saves, _ = form
    total, whole, split = devices.total, devices.whole, devices.split
    theta = devices.put(start_parameters, whole)
    observation, *rest = [devices.put(t, split) for t in batch]
    vector = devices.put(jnp.sin(jnp.arange(theta.size, dtype=jnp.float32)), whole)
    about = {"threads": flags.threads, "devices": devices.count, "rows": rows}
    if precision is not None:
        about["precision"] = precision
    exact = not flags.gpu or precision == "highest"

    save = devices.jit(lambda theta, x: forward(unflatten(theta), x)[:2], (whole, split), split)
    saved = save(theta, observation) if saves else ()
    damped = lambda theta, x, saved: lambda v: total(prepare(theta, x, saved)(v)) + damping * v
    inputs = (whole, split, split, whole)
    product = devices.jit(lambda theta, x, saved, v: damped(theta, x, saved)(v), inputs, whole)
    in_a_row = devices.jit(
        lambda theta, x, saved, b: solve(damped(theta, x, saved), b, 30), inputs, (whole, whole)
    )
    difference = relative("product", jax.device_get(product(theta, observation, saved, vector)))
    assert difference < (1e-4 if exact else 1e-2), f"its product differs by {difference:.1e}"
    once = {"work": "fisherProduct", **about, "difference": difference}

    def multiply():
        for _ in range(10):
            product(theta, observation, saved, vector).block_until_ready()

    if saves:
        yield {**once, "seconds": per(10, time_runs(multiply, flags))}
    run = lambda: jax.block_until_ready(in_a_row(theta, observation, saved, vector))
    yield {**once, "within": "conjugate gradients", "seconds": per(30, time_runs(run, flags))}

    updating = devices.jit(
        lambda *given: update(form, devices, *given), (whole, *[split] * 4), (whole, whole)
    )
    updated, attempts = jax.device_get(updating(theta, observation, *rest))
    difference = relative("step", updated - jax.device_get(start_parameters))
    assert difference < (1e-2 if exact else 1), f"its step differs by {difference:.1e}"
    result = {"work": "trpoUpdate", **about, "lineSearchSteps": int(attempts)}
    run = lambda: jax.block_until_ready(updating(theta, observation, *rest))
    yield {**result, "difference": difference, "seconds": time_runs(run, flags)}


with jax.default_matmul_precision("highest"):
    batch = jax.device_get(make_batch())
report = Report("trpo_update_jax.py", flags, {"jax": jax.__version__}, device)
for devices in map(Devices, counts):
    for name, form in forms.items():
        if devices.count > 1 and not form[1]:
            continue
        for precision in ("highest", "default") if flags.gpu else (None,):
            with jax.default_matmul_precision(precision):
                report.measure(f"{name}{devices}", lambda: measure(form, devices, precision))
report.print()
