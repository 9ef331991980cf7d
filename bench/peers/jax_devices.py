"""JAX on one device, or on several host devices that share the rows of every tensor."""

import os
import sys

from measure import usable_cores


def start(flags):
    """Chooses the platform, which must happen before JAX is imported first. -> device counts to measure, name."""
    most = 1 if flags.gpu else flags.devices or usable_cores()
    if most > 1:
        count = f"--xla_force_host_platform_device_count={most}"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {count}"
    os.environ["JAX_PLATFORMS"] = "cuda" if flags.gpu else "cpu"
    import jax

    try:
        return sorted({1, most}), jax.devices()[0].device_kind
    except (RuntimeError, AssertionError):
        if flags.gpu:
            sys.exit("JAX sees no GPU")
        raise


class Devices:
    """So many of them. A tensor is `whole` on each, or has its rows `split` over them."""

    def __init__(self, count):
        import jax

        self.jax = jax
        self.count = count
        self.mesh = jax.make_mesh((count,), ("rows",)) if count > 1 else None
        self.whole = jax.sharding.PartitionSpec()
        self.split = jax.sharding.PartitionSpec("rows")
        self.split_second = jax.sharding.PartitionSpec(None, "rows")

    def jit(self, function, inputs, outputs):
        """inputs, outputs: how the arguments and results lie."""
        if self.mesh is None:
            return self.jax.jit(function)
        specs = {"in_specs": inputs, "out_specs": outputs, "check_vma": False}
        return self.jax.jit(self.jax.shard_map(function, mesh=self.mesh, **specs))

    def put(self, tensors, spec):
        place = self.mesh and self.jax.sharding.NamedSharding(self.mesh, spec)
        return self.jax.device_put(tensors, place)

    # Within jit:

    def total(self, x):
        """The sum over the devices."""
        return x if self.mesh is None else self.jax.lax.psum(x, "rows")

    def index(self):
        return 0 if self.mesh is None else self.jax.lax.axis_index("rows")

    def __str__(self):
        return f" on {self.count} devices" if self.count > 1 else ""
