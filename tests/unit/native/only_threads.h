// ThreadSanitizer watches what threads do to each other. What one thread computes is tested without it, in a fraction of the time,
// so that tests that take minutes leave most of it out where `kOnlyThreads`.
#pragma once

namespace snn::test {

#if defined(__SANITIZE_THREAD__)
constexpr bool kOnlyThreads = true;
#else
constexpr bool kOnlyThreads = false;
#endif

}  // namespace snn::test
