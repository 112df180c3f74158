// What the C++ runtime inside libsnn calls when it cannot go on. Its own handler would print what was thrown, and has 60 KB of
// code for that. No exception leaves libsnn, so what comes here was thrown by a callback of the program, which knows more. Not
// part of the static library, whose C++ runtime is the program's.
#include <cstdio>
#include <cstdlib>

namespace __gnu_cxx {

void __verbose_terminate_handler();
void __verbose_terminate_handler() {
    std::fputs("libsnn: an exception was not caught, perhaps one that a callback threw; callbacks must not throw\n", stderr);
    std::abort();
}

}  // namespace __gnu_cxx
