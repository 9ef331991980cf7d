"""The update that bench/trpo-updates.ts measures, in PyTorch on the CPU: a policy 4 -> 64 -> 64 -> 2
with tanh, diagonal Gaussian, damping .1, ten conjugate gradient iterations, line search.

    python trpo_update.py ROWS RUNS SECONDS

Two forms of the Fisher-vector product: `double-backpropagation` of the KL divergence, as libraries do
it, and `gauss-newton`, a tangent and a backward pass written out, as makertaker does it. Prints one
JSON object: seconds per product and per update of either form on one thread and on all.
"""

import json
import math
import os
import sys
import time

import torch

damping, trust_region, iterations, ratio, tries = 0.1, 0.01, 10, 0.8, 10
rows, runs, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

torch.manual_seed(0)
sizes = [4, 64, 64, 2]
parameters = []
for inputs, outputs in zip(sizes, sizes[1:]):
    weights = torch.empty(inputs, outputs)
    torch.nn.init.orthogonal_(weights, 0.01 if outputs == 2 else math.sqrt(2))
    parameters += [weights, torch.zeros(outputs)]
parameters.append(torch.full([2], -0.5))  # log standard deviation
counts = [p.numel() for p in parameters]


def flatten(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


def unflatten(vector):
    return [v.view_as(p) for v, p in zip(vector.split(counts), parameters)]


def forward(p, x):
    h1 = torch.tanh(torch.addmm(p[1], x, p[0]))
    h2 = torch.tanh(torch.addmm(p[3], h1, p[2]))
    return h1, h2, torch.addmm(p[5], h2, p[4])


def log_probability(mean, log_std, action):
    z = (action - mean) * torch.exp(-log_std)
    return -0.5 * z.square().sum(1) - log_std.sum() - math.log(2 * math.pi)


def divergence(mean0, log_std0, mean, log_std):
    variances = torch.exp(2 * log_std0) + (mean0 - mean).square()
    return (log_std - log_std0 + variances / (2 * torch.exp(2 * log_std)) - 0.5).sum(1).mean()


observation = torch.randn(rows, 4)
old_mean, old_log_std = forward(parameters, observation)[2], parameters[6]
action = old_mean + torch.exp(old_log_std) * torch.randn(rows, 2)
old_log_probability = log_probability(old_mean, old_log_std, action)
advantage = torch.randn(rows) - (action - 0.3 * observation[:, :2]).square().sum(1)
advantage = (advantage - advantage.mean()) / advantage.std()


def double_backpropagation():
    """Gradient of the surrogate and v -> (F + cI) v, by derivatives of derivatives."""
    p = [t.clone().requires_grad_() for t in parameters]
    mean = forward(p, observation)[2]
    surrogate = (advantage * torch.exp(log_probability(mean, p[6], action) - old_log_probability)).mean()
    gradient = flatten(torch.autograd.grad(surrogate, p, retain_graph=True))
    kl = divergence(old_mean, old_log_std, mean, p[6])
    first = flatten(torch.autograd.grad(kl, p, create_graph=True))

    def product(v):
        return flatten(torch.autograd.grad(first, p, v, retain_graph=True)) + damping * v

    return gradient, product


@torch.no_grad()
def gauss_newton():
    """The same with tangent and backward pass written out, over activations computed once."""
    p, x = parameters, observation
    h1, h2, mean = forward(p, x)
    slope1, slope2 = 1 - h1 * h1, 1 - h2 * h2
    precision = torch.exp(-2 * p[6])

    def backward(error):
        error2 = (error @ p[4].t()).mul_(slope2)
        error1 = (error2 @ p[2].t()).mul_(slope1)
        pairs = ((x, error1), (h1, error2), (h2, error))
        return [g for inputs, e in pairs for g in (inputs.t() @ e, e.sum(0))]

    z = (action - mean) * torch.exp(-p[6])
    weight = (advantage / rows).unsqueeze(1)
    by_log_std = (weight * (z.square() - 1)).sum(0)
    gradient = flatten(backward(weight * (action - mean) * precision) + [by_log_std])

    @torch.no_grad()
    def product(v):
        d = unflatten(v)
        moved = torch.addmm(d[1], x, d[0]).mul_(slope1)
        moved = torch.addmm(d[3], h1, d[2]).addmm_(moved, p[2]).mul_(slope2)
        change = torch.addmm(d[5], h2, d[4]).addmm_(moved, p[4])
        return flatten(backward(change * (precision / rows)) + [2 * d[6]]) + damping * v

    return gradient, product


def solve(product, b):
    x, r, p, rr = torch.zeros_like(b), b.clone(), b.clone(), b @ b
    for _ in range(iterations):
        image = product(p)
        step = rr / (p @ image)
        x, r = x + step * p, r - step * image
        rr, previous = r @ r, rr
        p = r + (rr / previous) * p
    return x, r


def update(form):
    gradient, product = form()
    with torch.no_grad():
        direction, residual = solve(product, gradient)
        step = math.sqrt(2 * trust_region / float(direction @ (gradient - residual))) * direction
        start, old = flatten(parameters), float(advantage.mean())
        for attempt in range(tries):
            candidate = unflatten(start + ratio**attempt * step)
            mean = forward(candidate, observation)[2]
            change = log_probability(mean, candidate[6], action) - old_log_probability
            surrogate = float((advantage * torch.exp(change)).mean())
            if float(divergence(old_mean, old_log_std, mean, candidate[6])) <= trust_region and surrogate > old:
                return candidate
    return parameters


def median_time(run):
    """Median over the runs, after one to warm up."""
    run()
    times, spent = [], 0.0
    while not times or (len(times) < runs and spent < seconds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
        spent += times[-1]
    return sorted(times)[len(times) // 2]


forms = {"double-backpropagation": double_backpropagation, "gauss-newton": gauss_newton}
results = []
for threads in sorted({1, len(os.sched_getaffinity(0))}):
    torch.set_num_threads(threads)
    for name, form in forms.items():
        gradient, product = form()
        results.append(
            {
                "form": name,
                "threads": threads,
                "fisherProduct": median_time(lambda: product(gradient)),
                "trpoUpdate": median_time(lambda: update(form)),
            }
        )
print(json.dumps({"torch": torch.__version__, "results": results}))
