// What a sanitizer watches, so that tests that take minutes leave out what is tested without it, in a fraction of the time.
#pragma once

namespace snn::test {

// ThreadSanitizer: what threads do to each other, and nothing that one thread computes.
#if defined(__SANITIZE_THREAD__)
constexpr bool only_threads = true;
#else
constexpr bool only_threads = false;
#endif

// AddressSanitizer: every way through the code, but not each with all numbers.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool only_memory = true;
#else
constexpr bool only_memory = false;
#endif

}  // namespace snn::test
