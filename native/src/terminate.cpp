// What the C++ runtime inside libsnn calls when it cannot go on. Its own handler would print what was thrown, and has 60 KB of
// code for that. Calls of libsnn catch what is thrown on the thread of the caller. What comes here was thrown where nobody can
// catch it: on a thread of libsnn, whose tasks must not throw because the others may be waiting for them, or out of a noexcept
// function. Not part of the static library, whose C++ runtime is the program's.
#include <cstdio>
#include <cstdlib>

namespace __gnu_cxx {

void __verbose_terminate_handler();
void __verbose_terminate_handler() {
    std::fputs("libsnn: std::terminate inside the library, for example memory that ran out on a worker thread\n", stderr);
    std::abort();
}

}  // namespace __gnu_cxx
