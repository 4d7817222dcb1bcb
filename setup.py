"""Builds csrc/ into pixelpriv_fast.kernels._native; everything else stands in pyproject.toml."""

import os
import sys
from glob import glob

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

if sys.platform == "win32":
    compile_args, link_args = ["/O2", "/fp:precise"], []
else:
    # One portable baseline; csrc/dispatch.hpp adds AVX2 and AVX-512 clones that are picked at run time.
    # No contraction into fused multiply-adds: every clone then computes the same bits. Python's own flags make integers
    # wrap around, for the sake of its C code; then loops that index by an int take up to a third longer, and the
    # sanitisers do not see an overflow.
    compile_args = ["-O3", "-ffp-contract=off", "-fno-wrapv", "-fno-math-errno"]
    compile_args += ["-fvisibility=hidden", "-Wall", "-Wextra"]
    link_args = []
    if os.environ.get("PIXELPRIV_WERROR"):
        compile_args.append("-Werror")
    if level := os.environ.get("PIXELPRIV_LEVEL"):  # one of csrc/dispatch.hpp's versions alone: 1, 3 or 4
        compile_args.append(f"-DPP_LEVEL={level}")
    if sanitizers := os.environ.get("PIXELPRIV_SANITIZE"):  # for example "address,undefined"
        # -O1 takes half the time to build and finds the same: accesses are checked as written, before any vectorising.
        compile_args += [
            f"-fsanitize={sanitizers}",
            "-fno-sanitize-recover=all",
            "-fno-omit-frame-pointer",
            "-g",
            "-O1",
        ]
        link_args += [f"-fsanitize={sanitizers}"]

ParallelCompile("PIXELPRIV_BUILD_JOBS", default=os.cpu_count() or 1).install()

setup(
    ext_modules=[
        Pybind11Extension(
            "pixelpriv_fast.kernels._native",
            sorted(glob("csrc/*.cpp")),
            depends=sorted(glob("csrc/*.hpp")),
            include_dirs=["csrc"],
            cxx_std=17,
            extra_compile_args=compile_args,
            extra_link_args=link_args,
        )
    ]
)
