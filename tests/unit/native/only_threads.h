// ThreadSanitizer watches what threads do to each other. What one thread computes is tested without it, in a fraction of the time,
// so that tests that take minutes leave most of it out where `only_threads`.
#pragma once

namespace snn::test {

#if defined(__SANITIZE_THREAD__)
constexpr bool only_threads = true;
#else
constexpr bool only_threads = false;
#endif

}  // namespace snn::test
