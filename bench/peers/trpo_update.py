"""The update that bench/trpo-updates.ts measures, in PyTorch: a policy 4 -> 64 -> 64 -> 2 with tanh,
diagonal Gaussian, damping .1, ten conjugate gradient iterations, line search.

    python trpo_update.py [--rows 32768] [--chunk 4096] [--threads N] [--runs 7] [--seconds 10] [--gpu]

Forms of the Fisher-vector product:

    double backpropagation   of the KL divergence, as libraries do it
    gauss-newton             a tangent and a backward pass written out, over activations computed once
    gauss-newton in blocks   the same a chunk of rows after the other, on as many Python threads as cores
    compiled …               either of them, its three functions through torch.compile
    compiled whole           gradient and conjugate gradients as one compiled function

On a GPU every form is measured with the precision `highest` of matrix products, and with `high`, TF32.
`fisherProduct` is one product; `in conjugate gradients` says that it is one of 30 in a row. The
difference of a result is that of its product, or new parameters, from double backpropagation's.
"""

import sys

sys.dont_write_bytecode = True

import math
import shutil
from concurrent.futures import ThreadPoolExecutor

from measure import Report, per, read_flags, time_runs

flags = read_flags(
    "A TRPO update in PyTorch",
    {"rows": (32768, "rows of the update"), "chunk": (4096, "rows of a block")},
)

import torch

damping, trust_region, iterations, ratio, tries = 0.1, 0.01, 10, 0.8, 10
rows, device = flags.rows, torch.device("cuda" if flags.gpu else "cpu")
if flags.gpu and not torch.cuda.is_available():
    sys.exit("PyTorch sees no GPU")
torch.set_num_threads(flags.threads)

torch.manual_seed(0)
sizes = [4, 64, 64, 2]
parameters = []
for inputs, outputs in zip(sizes, sizes[1:]):
    # A product with two columns is slow and one with two rows is not: the last weights lie across.
    weights = torch.empty(*((outputs, inputs) if outputs == 2 else (inputs, outputs)))
    torch.nn.init.orthogonal_(weights, 0.01 if outputs == 2 else math.sqrt(2))
    parameters += [weights, torch.zeros(outputs)]
parameters = [p.to(device) for p in (*parameters, torch.full([2], -0.5))]  # log standard deviation last
counts = [p.numel() for p in parameters]


def flatten(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


def unflatten(vector):
    return [v.view_as(p) for v, p in zip(vector.split(counts), parameters)]


def forward(p, x):
    h1 = torch.tanh(torch.addmm(p[1], x, p[0]))
    h2 = torch.tanh(torch.addmm(p[3], h1, p[2]))
    return h1, h2, torch.addmm(p[5], h2, p[4].t())


def log_probability(mean, log_std, action):
    z = (action - mean) * torch.exp(-log_std)
    return -0.5 * z.square().sum(1) - log_std.sum() - math.log(2 * math.pi)


def divergence(mean0, log_std0, mean, log_std):
    """Of each row."""
    variances = torch.exp(2 * log_std0) + (mean0 - mean).square()
    return (log_std - log_std0 + variances / (2 * torch.exp(2 * log_std)) - 0.5).sum(1)


def make_batch():
    """Observation, action, advantage and, of the policy before the update, mean and log-probability."""
    observation = torch.randn(rows, 4).to(device)
    mean, log_std = forward(parameters, observation)[2], parameters[6]
    action = mean + torch.exp(log_std) * torch.randn(rows, 2).to(device)
    advantage = torch.randn(rows).to(device) - (action - 0.3 * observation[:, :2]).square().sum(1)
    advantage = (advantage - advantage.mean()) / advantage.std()
    return observation, action, advantage, mean, log_probability(mean, log_std, action)


batch = make_batch()
start = flatten(parameters)
before = float(batch[2].mean())


# Gauss–Newton: functions of parameters and rows that sum over the rows.


def backward(p, saved, error):
    x, h1, slope1, h2, slope2 = saved
    error2 = (error @ p[4]).mul_(slope2)
    error1 = (error2 @ p[2].t()).mul_(slope1)
    first, second = (x.t() @ error1, error1.sum(0)), (h1.t() @ error2, error2.sum(0))
    return [*first, *second, error.t() @ h2, error.sum(0)]


def differentiate(p, observation, action, advantage, old_mean, old_log_probability):
    """What products need, and the gradient of the surrogate at the old policy."""
    h1, h2, mean = forward(p, observation)
    saved = (observation, h1, 1 - h1 * h1, h2, 1 - h2 * h2)
    z = (action - mean) * torch.exp(-p[6])
    weight = (advantage / rows).unsqueeze(1)
    by_log_std = (weight * (z.square() - 1)).sum(0)
    return saved, flatten(backward(p, saved, weight * z * torch.exp(-p[6])) + [by_log_std])


def curve(p, saved, v):
    """Network part of the Fisher-vector product."""
    x, h1, slope1, h2, slope2 = saved
    d = unflatten(v)
    moved = torch.addmm(d[1], x, d[0]).mul_(slope1)
    moved = torch.addmm(d[3], h1, d[2]).addmm_(moved, p[2]).mul_(slope2)
    change = torch.addmm(d[5], h2, d[4].t()).addmm_(moved, p[4].t())
    return flatten(backward(p, saved, change * (torch.exp(-2 * p[6]) / rows)))


def judge(p, old_log_std, observation, action, advantage, old_mean, old_log_probability):
    """Surrogate and KL divergence of a candidate."""
    mean = forward(p, observation)[2]
    change = log_probability(mean, p[6], action) - old_log_probability
    surrogate = (advantage * torch.exp(change)).sum() / rows
    return torch.stack([surrogate, divergence(old_mean, old_log_std, mean, p[6]).sum() / rows])


def solve(product, b, iterations):
    x, r, p, rr = torch.zeros_like(b), b.clone(), b.clone(), b @ b
    for _ in range(iterations):
        image = product(p)
        step = rr / (p @ image)
        x, r = x + step * p, r - step * image
        rr, previous = r @ r, rr
        p = r + (rr / previous) * p
    return x, r


class DoubleBackpropagation:
    """prepare() -> gradient of the surrogate and v -> (F + cI) v; judge(candidate) -> surrogate, KL."""

    def prepare(self):
        with torch.enable_grad():
            observation, action, advantage, old_mean, old_log_probability = batch
            p = [t.clone().requires_grad_() for t in parameters]
            mean = forward(p, observation)[2]
            change = log_probability(mean, p[6], action) - old_log_probability
            surrogate = (advantage * torch.exp(change)).mean()
            gradient = flatten(torch.autograd.grad(surrogate, p, retain_graph=True))
            kl = divergence(old_mean, parameters[6], mean, p[6]).mean()
            first = flatten(torch.autograd.grad(kl, p, create_graph=True))

        def product(v):
            return flatten(torch.autograd.grad(first, p, v, retain_graph=True)) + damping * v

        return gradient, product

    def judge(self, candidate):
        return judge(unflatten(candidate), parameters[6], *batch)

    def direction(self):
        gradient, product = self.prepare()
        return gradient, *solve(product, gradient, iterations)


class GaussNewton(DoubleBackpropagation):
    """Over all rows at once, or by chunks spread over threads; `wrap` compiles a function or does not."""

    def __init__(self, wrap=lambda function: function, chunk=rows, pool=None):
        self.differentiate, self.curve, self.evaluate = (wrap(f) for f in (differentiate, curve, judge))
        self.chunks = list(zip(*(t.split(chunk) for t in batch), strict=True))
        self.pool = pool

    def over_chunks(self, work):
        """The sum of work(index of a chunk)."""
        if self.pool is None:
            return sum_of(work, range(len(self.chunks)))
        workers = min(flags.threads, len(self.chunks))
        shares = [range(first, len(self.chunks), workers) for first in range(workers)]
        return sum(self.pool.map(lambda share: sum_of(work, share), shares))

    def prepare(self):
        saved = [None] * len(self.chunks)

        def differentiate(index):
            saved[index], gradient = self.differentiate(parameters, *self.chunks[index])
            return gradient

        gradient = self.over_chunks(differentiate)

        def product(v):
            network = self.over_chunks(lambda index: self.curve(parameters, saved[index], v))
            return torch.cat([network, 2 * v[-2:]]) + damping * v

        return gradient, product

    def judge(self, candidate):
        p = unflatten(candidate)
        return self.over_chunks(lambda index: self.evaluate(p, parameters[6], *self.chunks[index]))


class Whole(GaussNewton):
    """Gradient and conjugate gradients as one function of parameters and rows."""

    def __init__(self, wrap):
        super().__init__(wrap)

        def direction(p, *rows_of_batch):
            saved, gradient = differentiate(p, *rows_of_batch)
            product = lambda v: torch.cat([curve(p, saved, v), 2 * v[-2:]]) + damping * v
            return gradient, *solve(product, gradient, iterations)

        self.solution = wrap(direction)

    def direction(self):
        return self.solution(parameters, *batch)


@torch.no_grad()
def sum_of(work, indices):
    total = None
    for index in indices:
        part = work(index)
        total = part if total is None else total + part
    return total


def update(form):
    """New parameters and tries of the line search."""
    gradient, direction, residual = form.direction()
    step = math.sqrt(2 * trust_region / float(direction @ (gradient - residual))) * direction
    for attempt in range(tries):
        candidate = start + ratio**attempt * step
        surrogate, kl = form.judge(candidate).tolist()
        if kl <= trust_region and surrogate > before:
            return candidate, attempt + 1
    return start, tries


def wait():
    if flags.gpu:
        torch.cuda.synchronize()


def relative(found, expected):
    return float((found - expected).norm() / expected.norm())


@torch.no_grad()
def expect():
    form = DoubleBackpropagation()
    gradient, product = form.prepare()
    return {"gradient": gradient, "product": product(gradient), "updated": update(form)[0]}


expected = expect()


@torch.no_grad()
def measure(make, torch_threads, precision):
    torch.set_num_threads(torch_threads)
    torch.set_float32_matmul_precision(precision or "highest")
    exact = precision in (None, "highest")
    try:
        form = make()
        about = {"threads": flags.threads, "rows": rows}
        if precision is not None:
            about["precision"] = precision
        if type(form) is not Whole:
            gradient, product = form.prepare()
            difference = relative(product(expected["gradient"]), expected["product"])
            assert difference < (1e-4 if exact else 1e-2), f"its product differs by {difference:.1e}"

            def multiply():
                for _ in range(10):
                    product(gradient)
                    wait()

            def multiply_in_a_row():
                solve(product, gradient, 30)
                wait()

            once = {"work": "fisherProduct", **about, "difference": difference}
            yield {**once, "seconds": per(10, time_runs(multiply, flags))}
            seconds = per(30, time_runs(multiply_in_a_row, flags))
            yield {**once, "within": "conjugate gradients", "seconds": seconds}
        updated, attempts = update(form)
        difference = relative(updated - start, expected["updated"] - start)
        assert difference < (1e-2 if exact else 1), f"its step differs by {difference:.1e}"

        def update_once():
            update(form)
            wait()

        result = {"work": "trpoUpdate", **about, "lineSearchSteps": attempts, "difference": difference}
        yield {**result, "seconds": time_runs(update_once, flags)}
    finally:
        torch.set_num_threads(flags.threads)


name = torch.cuda.get_device_name() if flags.gpu else "cpu"
report = Report("trpo_update.py", flags, {"torch": torch.__version__}, name)


def workers():
    return ThreadPoolExecutor(flags.threads, initializer=lambda: torch.set_num_threads(1))


def compiled(function, **options):
    if not flags.gpu and not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        raise RuntimeError("torch.compile needs a C++ compiler, and there is none")
    return torch.compile(function, dynamic=False, **options)


def run(form, make, torch_threads=flags.threads):
    for precision in ("highest", "high") if flags.gpu else (None,):
        report.measure(form, lambda: measure(make, torch_threads, precision))


run("double backpropagation", DoubleBackpropagation)
run("gauss-newton", GaussNewton)
run("compiled gauss-newton", lambda: GaussNewton(compiled))
if flags.gpu:
    run("compiled whole", lambda: Whole(lambda f: compiled(f, mode="reduce-overhead")))
else:
    blocks, by_blocks = f"in blocks of {flags.chunk}", {"chunk": flags.chunk, "pool": workers()}
    run("compiled whole", lambda: Whole(compiled))
    run(f"gauss-newton {blocks}", lambda: GaussNewton(**by_blocks), 1)
    run(f"compiled gauss-newton {blocks}", lambda: GaussNewton(compiled, **by_blocks), 1)
report.print()
