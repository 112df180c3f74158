// Shared libraries that are loaded while a program runs, on systems with dlopen and on Windows.
#ifndef SNN_TESTS_LIBRARY_HPP
#define SNN_TESTS_LIBRARY_HPP

#include <string>

#if defined(_WIN32)
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

inline void* open_library(const char* path) { return LoadLibraryA(path); }
inline std::string library_error() { return "error " + std::to_string(GetLastError()); }
inline void* symbol_of(void* library, const char* name) {
    return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}
inline void close_library(void* library) { FreeLibrary(static_cast<HMODULE>(library)); }
#else
#include <dlfcn.h>

inline void* open_library(const char* path) { return dlopen(path, RTLD_NOW); }
inline std::string library_error() { return dlerror(); }
inline void* symbol_of(void* library, const char* name) { return dlsym(library, name); }
inline void close_library(void* library) { dlclose(library); }
#endif

#endif
