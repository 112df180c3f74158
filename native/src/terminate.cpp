// The terminate handler of the C++ runtime inside libsnn. The runtime's default handler would print the exception, which takes
// 60 KB of code. Calls of libsnn catch every exception on the caller's thread. An exception gets here only if nothing can catch
// it: on a thread of libsnn, whose tasks must not throw because other threads may be waiting for them, or out of a noexcept
// function. Not part of the static library, which uses the C++ runtime of the program.
#include <cstdio>
#include <cstdlib>

namespace __gnu_cxx {

void __verbose_terminate_handler();
void __verbose_terminate_handler() {
    std::fputs("libsnn: std::terminate inside the library, for example memory that ran out on a worker thread\n", stderr);
    std::abort();
}

}  // namespace __gnu_cxx
