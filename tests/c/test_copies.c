/* Two copies of the library in one process, as when two plugins bring their own: each works, and a handle of one is
 * foreign to the other. */
#define _DEFAULT_SOURCE
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#define COPY_FILE "tmp_copy_of_libsnn.dll"
#else
#include <dlfcn.h>
#define COPY_FILE "./tmp_copy_of_libsnn.so"
#endif

#include "fixtures.h"

/* The functions of the second copy that are used here. */
typedef struct Copy {
    void *library;
    SNNStatus(SNN_CALL *network_create)(double, SNNNetwork *);
    void(SNN_CALL *network_release)(SNNNetwork);
    SNNStatus(SNN_CALL *network_retain)(SNNNetwork);
    SNNStatus(SNN_CALL *session_step)(SNNHandle, uint32_t);
    const char *(SNN_CALL *last_error)(void);
} Copy;

static void copy_file(const char *from, const char *to) {
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char block[65536];
    size_t size;
    CHECK(in && out);
    while ((size = fread(block, 1, sizeof block, in)) > 0) CHECK(fwrite(block, 1, size, out) == size);
    fclose(in);
    CHECK(fclose(out) == 0);
}

#if defined(_WIN32)
static void *open_library(const char *path) { return LoadLibraryA(path); }
static void *symbol_of(void *library, const char *name) { return (void *)(uintptr_t)GetProcAddress(library, name); }
static int close_library(void *library) { return FreeLibrary(library) && remove(COPY_FILE) == 0; }
#else
static void *open_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    remove(path);
    return library;
}
static void *symbol_of(void *library, const char *name) { return dlsym(library, name); }
#if defined(__SANITIZE_ADDRESS__)
/* LeakSanitizer takes the handle table of a library that is gone for a leak; it stays, so that handles may be used at any time. */
static int close_library(void *library) { return library != NULL; }
#else
static int close_library(void *library) { return dlclose(library) == 0; }
#endif
#endif

/* ISO C has no cast from an object pointer to a function pointer; POSIX and Windows promise that the bits are the same. */
static void find(void *library, const char *name, void *out_function) {
    void *symbol = symbol_of(library, name);
    if (!symbol) check_fail(__FILE__, __LINE__, "the copy has no %s", name);
    memcpy(out_function, &symbol, sizeof symbol);
}

static Copy open_copy(void) {
    Copy copy;
    copy_file(SNN_LIBRARY_FILE, COPY_FILE);
    copy.library = open_library(COPY_FILE);
    if (!copy.library) check_fail(__FILE__, __LINE__, "%s could not be opened", COPY_FILE);
    find(copy.library, "snn_network_create", &copy.network_create);
    find(copy.library, "snn_network_release", &copy.network_release);
    find(copy.library, "snn_network_retain", &copy.network_retain);
    find(copy.library, "snn_session_step", &copy.session_step);
    find(copy.library, "snn_last_error", &copy.last_error);
    return copy;
}

static void a_handle_of_one_copy_is_foreign_to_the_other(void) {
    const Copy copy = open_copy();
    SNNNetwork ours[20], theirs[20];
    SNNHandle session = open_chain();
    int i;
    CHECK(copy.network_create != snn_network_create);
    for (i = 0; i < 20; ++i) {
        ours[i] = new_network();
        CHECK_EQUAL(copy.network_create(1.0, &theirs[i]), SNN_OK);
    }
    for (i = 0; i < 20; ++i) {
        CHECK_ERROR(snn_network_retain(theirs[i]), SNN_ERROR_INVALID_HANDLE, "network");
        CHECK_EQUAL(copy.network_retain(ours[i]), SNN_ERROR_INVALID_HANDLE);
        CHECK(strstr(copy.last_error(), "network"));
        copy.network_release(ours[i]); /* does nothing */
        snn_network_release(theirs[i]);
    }
    CHECK_EQUAL(copy.session_step(session, 1), SNN_ERROR_INVALID_HANDLE);
    for (i = 0; i < 20; ++i) {
        CHECK_OK(snn_network_retain(ours[i]));
        CHECK_EQUAL(copy.network_retain(theirs[i]), SNN_OK);
        snn_network_release(ours[i]);
        snn_network_release(ours[i]);
        copy.network_release(theirs[i]);
        copy.network_release(theirs[i]);
    }
    step_chain(session);
    snn_destroy_network(session);
    CHECK(close_library(copy.library));
}

static void the_copy_can_be_unloaded(void) {
    const Copy copy = open_copy();
    SNNNetwork network = NULL;
    CHECK_EQUAL(copy.network_create(1.0, &network), SNN_OK);
    copy.network_release(network);
    CHECK(close_library(copy.library)); /* hot reload in an editor */
    network = new_network();
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(a_handle_of_one_copy_is_foreign_to_the_other),
    CASE(the_copy_can_be_unloaded),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
