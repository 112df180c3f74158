// Features that compilers spell differently, in one place.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define SNN_ALWAYS_INLINE __forceinline
#define SNN_NO_INLINE __declspec(noinline)
#define SNN_RESTRICT __restrict
#if defined(_M_ARM64)
#define SNN_PREFETCH(address) __prefetch(address)
#else
#define SNN_PREFETCH(address) _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0)
#endif
#else
#define SNN_ALWAYS_INLINE inline __attribute__((always_inline))
#define SNN_NO_INLINE __attribute__((noinline))
#define SNN_RESTRICT __restrict__
#define SNN_PREFETCH(address) __builtin_prefetch(address)
#endif

// Tells the core that this is a spin loop.
#if defined(_MSC_VER) && !defined(__clang__)
#if defined(_M_ARM64)
#define SNN_PAUSE() __yield()
#else
#define SNN_PAUSE() _mm_pause()
#endif
#elif defined(__x86_64__) || defined(__i386__)
#define SNN_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define SNN_PAUSE() __asm__ __volatile__("yield")
#else
#define SNN_PAUSE() ((void)0)
#endif

// The register of the floating-point mode on 64-bit ARM. On x86 all compilers have intrinsics for it.
#if defined(_M_ARM64) && !defined(__clang__)
#define SNN_READ_FPCR(out) ((out) = static_cast<unsigned long long>(_ReadStatusReg(ARM64_FPCR)))
#define SNN_WRITE_FPCR(value) _WriteStatusReg(ARM64_FPCR, static_cast<__int64>(value))
#elif defined(__aarch64__)
#define SNN_READ_FPCR(out) __asm__ __volatile__("mrs %0, fpcr" : "=r"(out))
#define SNN_WRITE_FPCR(value) __asm__ __volatile__("msr fpcr, %0" : : "r"(value))
#endif

// The control word of the x87 unit, on which the C library of mingw-w64 computes exp and log.
#if defined(__MINGW32__) && (defined(__x86_64__) || defined(__i386__))
#define SNN_READ_X87(out) __asm__ __volatile__("fnstcw %0" : "=m"(out))
#define SNN_WRITE_X87(value) __asm__ __volatile__("fldcw %0" : : "m"(value))
#else
#define SNN_READ_X87(out) ((void)0)
#define SNN_WRITE_X87(value) ((void)0)
#endif

// Goes before a loop with few iterations, so that the compiler unrolls it and keeps its arrays in registers.
#if defined(__clang__)
#define SNN_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define SNN_UNROLL _Pragma("GCC unroll 16")
#else
#define SNN_UNROLL
#endif

// product = factor * value and sum += factor * value in all 16 lanes of AVX-512. The instruction itself reads and broadcasts
// the value from memory.
#if defined(__AVX512F__) && !(defined(_MSC_VER) && !defined(__clang__))
#define SNN_MUL_BROADCAST(product, factor, value) \
    __asm__("vmulps %2%{1to16%}, %1, %0" : "=v"(product) : "v"(factor), "m"(value))
#define SNN_FMA_BROADCAST(sum, factor, value) \
    __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(factor), "m"(value))
#endif
