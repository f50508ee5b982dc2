"""The exponential function as arithmetic, so that loops that call it are vectorised (a call of the C library is not)."""

from __future__ import annotations

import math
import types as python
from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.42860682030941723212e-6
"""ln 2 in two parts, the first short enough for its product with a small integer to be exact."""

LARGEST = {types.float32: 126, types.float64: 1021}
TERMS = {types.float32: 8, types.float64: 14}


@intrinsic
def power_of_two(typing, n, like):
    """2^n as a number of the type of ``like``, from the bits of its exponent."""
    wide, bits, bias = (32, 23, 127) if like == types.float32 else (64, 52, 1023)

    def emit(context, builder, signature, args):
        whole = ir.IntType(wide)
        exponent = builder.add(builder.fptosi(args[0], whole), ir.Constant(whole, bias))
        raw = builder.shl(exponent, ir.Constant(whole, bits))
        return builder.bitcast(raw, ir.FloatType() if wide == 32 else ir.DoubleType())

    return like(n, like), emit


def exp(x):
    """exp(x) to the last but one bit; arguments beyond the range are taken at its end (2^126 in single precision)."""
    return math.exp(x)


@overload(exp, jit_options={"fastmath": {"contract", "nsz"}, "error_model": "numpy"})
def _exp(x):
    real = x if x in LARGEST else types.float64
    largest = float(LARGEST[real])
    series = tuple(1.0 / math.factorial(k) for k in reversed(range(TERMS[real])))

    def exp_of(x):
        x = real(x)
        n = np.floor(x * real(LOG2_E) + real(0.5))
        n = min(max(n, real(-largest)), real(largest))
        r = (x - n * real(LN2_HIGH)) - n * real(LN2_LOW)
        r = min(max(r, real(-0.5)), real(0.5))
        total = real(0.0)
        for c in series:
            total = total * r + real(c)
        return total * power_of_two(n, r)

    return exp_of


def vectorised(function: Callable) -> Callable:
    """The function with ``math.exp`` replaced by :func:`exp`."""
    if function.__globals__.get("math") is not math:
        return function
    namespace = python.ModuleType("math")
    namespace.__dict__.update({k: v for k, v in vars(math).items() if not k.startswith("__")}, exp=exp)
    scope = {**function.__globals__, "math": namespace}
    return python.FunctionType(function.__code__, scope, function.__name__, None, function.__closure__)
