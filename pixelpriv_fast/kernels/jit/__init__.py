"""numba twins of some kernels, for machines without the extension."""
