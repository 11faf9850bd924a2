"""diffrax: subjects by ``vmap``, compiled by ``jit`` in double precision, a solve from dose to dose inside ``scan``.

States are a tuple of arrays, one for each state, which runs faster than one array of twelve. Two threads are two
devices with half of the subjects each: on one device such small steps use one core.
"""

from concurrent.futures import ThreadPoolExecutor

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 2)

import diffrax  # noqa: E402 - the settings above count only before this
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import plain  # noqa: E402

_TERM = diffrax.ODETerm(lambda _, y, theta: plain.derivatives(y, theta))


def adaptive(rtol: float, atol: float):
    """Return step-size control by the error estimate, and a first step in h."""
    return diffrax.PIDController(rtol=rtol, atol=atol), 0.5


def constant(steps: int):
    """Return so many equal steps a day: no subject waits for another."""
    return diffrax.ConstantStepSize(), 24.0 / steps


def _solve(method, control, first, theta, start):
    """Solve one subject: a tuple of twelve arrays (outputs,)."""

    def day(y, _):
        solution = diffrax.diffeqsolve(
            _TERM,
            method,
            0.0,
            24.0,
            first,
            (y[0] + plain.DOSE, *y[1:]),
            args=theta,
            stepsize_controller=control,
            saveat=diffrax.SaveAt(t1=True),
            max_steps=None,
            throw=False,
        )
        return jax.tree.map(lambda values: values[0], solution.ys), None

    def fortnight(y, _):
        y, _ = jax.lax.scan(day, y, None, length=14)
        return y, y

    y, found = jax.lax.scan(fortnight, start, None, length=plain.DAYS // 14)
    end, _ = jax.lax.scan(day, y, None, length=plain.DAYS % 14)
    return jax.tree.map(lambda many, one: jnp.concatenate([many, one[None]]), found, end)


def solver(method: str, control, theta: np.ndarray, threads: int):
    """Return a call that solves everybody and returns (subjects, outputs, 12); arrays are on the devices before.

    Parameters
    ----------
    method
        Name of a solver of diffrax.
    control
        What :func:`adaptive` or :func:`constant` returned.
    theta
        (n, 18).
    threads
        Devices to share the subjects between.
    """
    method = getattr(diffrax, method)()
    run = jax.jit(jax.vmap(lambda one, start: _solve(method, *control, one, start)))
    given = []
    for device, part in zip(jax.devices(), np.array_split(theta, threads), strict=False):
        columns = (tuple(jnp.asarray(column) for column in held.T) for held in (part, plain.initial(part)))
        given.append(tuple(jax.device_put(one, device) for one in columns))

    def call() -> np.ndarray:
        # a thread for each device: a call may not come back before it is done
        with ThreadPoolExecutor(threads) as pool:
            running = list(pool.map(lambda one: jax.block_until_ready(run(*one)), given))
        return np.concatenate([np.stack([np.asarray(state) for state in part], axis=-1) for part in running])

    return call
