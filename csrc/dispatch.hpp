// One binary for every x86-64 processor: the hot loops are compiled once for the portable baseline and once each for
// AVX2 and AVX-512; the dynamic linker picks the version when the library is loaded. Elsewhere the macro is empty.
//
// Only the function that carries the mark is cloned: what it calls must be inlined into it (PP_INLINE), or it runs
// with the baseline's instructions.
//
// PP_LEVEL (setup.py's PIXELPRIV_LEVEL) builds one version alone, 1 (baseline), 3 (AVX2) or 4 (AVX-512), so that each
// can be tested on a processor that would pick another, and under sanitisers, which do not bear the picking.
#pragma once

#include <cstddef>
#include <type_traits>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define PP_HAS_LEVELS 1
#else
#define PP_HAS_LEVELS 0
#endif

#if defined(PP_LEVEL)
#define PP_HIGHEST PP_LEVEL  // the highest level whose instructions code may look for at run time
#else
#define PP_HIGHEST 4
#endif

#if !defined(PP_LEVEL) && PP_HAS_LEVELS && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif !defined(PP_LEVEL) || PP_LEVEL == 1
#define PP_CLONES
#elif PP_LEVEL == 3 && PP_HAS_LEVELS
#define PP_CLONES __attribute__((target("arch=x86-64-v3")))
#elif PP_LEVEL == 4 && PP_HAS_LEVELS
#define PP_CLONES __attribute__((target("arch=x86-64-v4")))
#else
#error "PP_LEVEL is 1, or with GCC 12 for x86-64 also 3 or 4"
#endif

// Before a loop whose passes do not depend on each other, where restrict cannot say so.
#if defined(__GNUC__) && !defined(__clang__)
#define PP_INDEPENDENT _Pragma("GCC ivdep")
#else
#define PP_INDEPENDENT
#endif

#if defined(__GNUC__)
#define PP_INLINE inline __attribute__((always_inline))
#define PP_INLINED __attribute__((always_inline))      // behind a lambda's parameters
#define PP_FETCH(address) __builtin_prefetch(address)  // what will be read soon
#define PP_RESTRICT __restrict__
#else
#define PP_INLINE __forceinline
#define PP_INLINED
#define PP_FETCH(address) static_cast<void>(address)
#define PP_RESTRICT __restrict
#endif

namespace pp {

// Calls work with a number from 1 to Most as a constant, so that loops of that length are unrolled; returns whether the
// number was one of them. Work is a lambda with PP_INLINED, or it would not be part of the caller's clones.
template <int Most, typename Work>
PP_INLINE bool as_constant(std::ptrdiff_t number, const Work& work) {
    if (number == Most) {
        work(std::integral_constant<int, Most>());
        return true;
    }
    if constexpr (Most > 1) {
        return as_constant<Most - 1>(number, work);
    } else {
        return false;
    }
}

}  // namespace pp
