// One binary for every x86-64 processor: the hot loops are compiled once for the portable baseline and once each for
// AVX2 and AVX-512; the dynamic linker picks the version when the library is loaded. Elsewhere the macro is empty.
//
// Only the function that carries the mark is cloned: what it calls must be inlined into it (PP_INLINE), or it runs
// with the baseline's instructions.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12 && defined(__gnu_linux__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(PP_BASELINE_ONLY)
#define PP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PP_CLONES
#endif

#if defined(__GNUC__)
#define PP_INLINE inline __attribute__((always_inline))
#define PP_RESTRICT __restrict__
#else
#define PP_INLINE __forceinline
#define PP_RESTRICT __restrict
#endif
