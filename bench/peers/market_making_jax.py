"""The market of bench/market.ts in JAX: the simulation of Avellaneda and Stoikov (2008, section 3.3).
In a step of dt = 1/200, a quote at depth d on either side is filled with probability
min(1, A dt exp(-k d)), A = 140, k = 1.5, unless the inventory is at its bound; then the mid price
moves by 2 sqrt(dt) up or down. Observed are inventory / bound and time left; the reward is the change
of wealth; an episode of 200 steps starts anew at once.

    python market_making_jax.py [--environments 16384] [--steps 128] [--devices N] [--threads N]
        [--runs 7] [--seconds 10] [--gpu]

`fixedActionSteps`: both depths are 1, given as an array; transitions are stored (observation, reward,
done), in some forms only wealth is kept. `policySteps`: depths are 1 + a, with a of a Gaussian policy
2 -> 64 -> 64 -> 2 with tanh on standardised and clipped observations; observation, action, reward and
done are stored. A run is so many steps of all environments in one jit.

Forms differ in how random numbers are drawn, from which of JAX's counter-based generators,

    a key an environment      one environment's step under `vmap`, as gymnax does it
    draws of a step at once   `uniform`, `bernoulli` and `normal` for all environments
    two words a step          one call for 64 bits an environment, the move's sign in a low bit

in whether activations lie `features first`, and in the number of host devices that share the
environments. `meanWealth` is checked against its expectation, or the first form's.
"""

import sys

sys.dont_write_bytecode = True

import math

from jax_devices import Devices, start
from measure import Report, read_flags, time_runs

flags = read_flags(
    "A market-making environment in JAX",
    {
        "environments": (16384, "environments"),
        "steps": (128, "steps of a run"),
        "devices": (0, "devices that share the environments; 0: as many as cores, one GPU"),
    },
)
counts, device = start(flags)

import jax
import jax.numpy as jnp
from jax import lax

episode, rate, decay, volatility, bound = 200, 140.0, 1.5, 2.0, 100.0
dt = 1 / episode
move_size = volatility * math.sqrt(dt)


# One market or many: every tensor may have leading axes, a state holds [...] each.


def fresh(environments):
    zeros = jnp.zeros(environments)
    return {"step": jnp.zeros(environments, jnp.int32), "inventory": zeros, "move": zeros, "wealth": zeros}


def observe(state):
    time_left = 1 - state["step"].astype(jnp.float32) / episode
    return state["inventory"] / bound, time_left


def transition(state, depths, draws):
    """New state, reward, done. draws: uniforms of bid and ask, whether the mid goes up."""
    bid, ask = depths
    bid_draw, ask_draw, up = draws
    probability = lambda depth: jnp.minimum(1, rate * dt * jnp.exp(-decay * depth))
    inventory = state["inventory"]
    bought = ((bid_draw < probability(bid)) & (inventory < bound)).astype(jnp.float32)
    sold = ((ask_draw < probability(ask)) & (inventory > -bound)).astype(jnp.float32)
    change = jnp.where(up, move_size, -move_size)
    inventory = inventory + bought - sold
    reward = bought * bid + sold * ask + inventory * change
    step = state["step"] + 1
    done = step >= episode
    after = {
        "step": step,
        "inventory": inventory,
        "move": state["move"] + change,
        "wealth": state["wealth"] + reward,
    }
    return jax.tree.map(lambda value: jnp.where(done, 0, value).astype(value.dtype), after), reward, done


# Draws of a step: key, environments, whether actions are sampled -> market's draws, normals [2][B] or None.


def key_each(key, environments, sampled):
    def one(key):
        orders, move, action = jax.random.split(key, 3)
        uniforms = jax.random.uniform(orders, (2,))
        normals = jax.random.normal(action, (2,)) if sampled else jnp.zeros(2)
        return (uniforms[0], uniforms[1], jax.random.bernoulli(move)), (normals[0], normals[1])

    return jax.vmap(one)(jax.random.split(key, environments))


def at_once(key, environments, sampled):
    orders, move, action = jax.random.split(key, 3)
    uniforms = jax.random.uniform(orders, (2, environments))
    normals = jax.random.normal(action, (2, environments)) if sampled else None
    return (uniforms[0], uniforms[1], jax.random.bernoulli(move, shape=(environments,))), normals


def two_words(key, environments, sampled):
    market, action = jax.random.split(key) if sampled else (key, None)
    words = jax.random.bits(market, (2, environments), jnp.uint32)
    # The upper 23 bits of a word as the mantissa of a number in [1, 2).
    uniforms = lax.bitcast_convert_type((words >> 9) | jnp.uint32(0x3F800000), jnp.float32) - 1
    normals = jax.random.normal(action, (2, environments)) if sampled else None
    return (uniforms[0], uniforms[1], (words[0] & 1) == 1), normals


# Policies: parameters, observation as two [B] -> means as two [B].


def make_policy():
    keys = jax.random.split(jax.random.key(1), 3)
    layer = lambda key, shape, gain: jax.nn.initializers.orthogonal(gain)(key, shape)
    return {
        "weights": [
            layer(keys[0], (2, 64), math.sqrt(2)),
            layer(keys[1], (64, 64), math.sqrt(2)),
            layer(keys[2], (64, 2), 0.01),
        ],
        "biases": [jnp.zeros(64), jnp.zeros(64), jnp.zeros(2)],
        "log_std": jnp.full(2, -0.5),
        "mean": jnp.zeros(2),
        "deviation": jnp.ones(2),
    }


def rows_first(policy, observation):
    (w1, w2, w3), (b1, b2, b3) = policy["weights"], policy["biases"]
    hidden = jnp.tanh(jnp.stack(observation, 1) @ w1 + b1)
    output = jnp.tanh(hidden @ w2 + b2) @ w3 + b3
    return output[:, 0], output[:, 1]


def features_first(policy, observation):
    (w1, w2, w3), (b1, b2, b3) = policy["weights"], policy["biases"]
    hidden = jnp.tanh(w1.T @ jnp.stack(observation) + b1[:, None])
    output = w3.T @ jnp.tanh(w2.T @ hidden + b2[:, None]) + b3[:, None]
    return output[0], output[1]


def standardise(policy, observation):
    scaled = [(o - m) / d for o, m, d in zip(observation, policy["mean"], policy["deviation"])]
    return [jnp.clip(o, -10, 10) for o in scaled]


def rollout(draw, network, stored, policy, key, state, action):
    """Last state and what is stored [T, B, …]; network None: `action` [2] [B] are the depths."""
    environments = state["step"].shape[0]

    def advance(carry, _):
        state, key = carry
        key, now = jax.random.split(key)
        market, normals = draw(now, environments, network is not None)
        observation = observe(state)
        kept = {"observation": jnp.stack(observation, 1)}
        depths = action
        if network is not None:
            means = network(policy, standardise(policy, observation))
            deviations = jnp.exp(policy["log_std"])
            raw = [m + d * n for m, d, n in zip(means, deviations, normals)]
            kept["action"] = jnp.stack(raw, 1)
            depths = [1 + a for a in raw]
        state, reward, done = transition(state, depths, market)
        return (state, key), {**kept, "reward": reward, "done": done} if stored else None

    (state, _), transitions = lax.scan(advance, (state, key), None, length=flags.steps)
    return state, transitions


expected = {}


def check_wealth(work, wealth):
    """Mean wealth, which must be the expectation; or, of the policy, the first form's."""
    mean, spread = float(wealth.mean()), float(wealth.std()) / math.sqrt(wealth.size)
    if work == "fixedActionSteps" and flags.steps < episode:
        right, its_spread = 2 * rate * dt * math.exp(-decay) * flags.steps, 0.0
    else:
        right, its_spread = expected.setdefault(work, (mean, spread))
    assert abs(mean - right) <= 6 * math.hypot(spread, its_spread) + 1e-3, (
        f"mean wealth is {mean:.3f}, not {right:.3f}"
    )
    return mean


def measure(draw, generator, devices, work, network, stored, precision=None):
    whole, split = devices.whole, devices.split

    def share(policy, key, state, action):
        own_key = jax.random.fold_in(key, devices.index())
        return rollout(draw, network, stored, policy, own_key, state, action)

    run = devices.jit(share, (whole, whole, split, split), (split, devices.split_second))
    ones = jnp.ones(flags.environments)
    inputs = devices.put((make_policy(), jax.random.key(0, impl=generator)), whole) + devices.put(
        (fresh(flags.environments), (ones, ones)), split
    )
    mean = check_wealth(work, run(*inputs)[0]["wealth"])
    seconds = time_runs(lambda: jax.block_until_ready(run(*inputs)), flags)
    yield {
        "work": work,
        "threads": flags.threads,
        "devices": devices.count,
        "environments": flags.environments,
        "steps": flags.steps,
        "stored": stored,
        **({} if precision is None else {"precision": precision}),
        "meanWealth": mean,
        "seconds": seconds,
    }


report = Report("market_making_jax.py", flags, {"jax": jax.__version__}, device)
# rbg is the slower one on a CPU.
both = ("threefry2x32", "rbg")
drawing = {
    "a key an environment": (key_each, both[:1]),
    "draws of a step at once": (at_once, both),
    "two words a step": (two_words, both if flags.gpu else both[:1]),
}


def measure_forms(title, draw, generator, devices):
    def run(form, *how):
        name = f"{title}, {generator.removesuffix('2x32')}{form}{devices}"
        report.measure(name, lambda: measure(draw, generator, devices, *how))

    run("", "fixedActionSteps", None, True)
    if draw is not key_each:
        run(", nothing stored", "fixedActionSteps", None, False)
    for precision in ("highest", "default") if flags.gpu else (None,):
        with jax.default_matmul_precision(precision):
            run("", "policySteps", rows_first, True, precision)
            if draw is two_words:
                run(", features first", "policySteps", features_first, True, precision)


for devices in map(Devices, counts):
    for title, (draw, generators) in drawing.items():
        for generator in generators:
            measure_forms(title, draw, generator, devices)
report.print()
