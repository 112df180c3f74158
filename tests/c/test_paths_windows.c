/* What may be at the path of a .snn file on Windows, and who else may use it meanwhile: names that no code page has, folders,
 * devices, write protection, other programs. Everything happens in a new folder in the working folder. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "fixtures.h"

#define FOLDER "tmp_paths"
#define FILE_HERE FOLDER "\\kept.snn"

static void make_folder(void) { CHECK(CreateDirectoryA(FOLDER, NULL)); }

/* Removes the folder; returns how many entries were in it. */
static unsigned remove_folder(void) {
    WIN32_FIND_DATAW found;
    const HANDLE search = FindFirstFileW(L"" FOLDER "\\*", &found);
    unsigned count = 0;
    CHECK(search != INVALID_HANDLE_VALUE);
    do {
        wchar_t path[MAX_PATH + 16] = L"" FOLDER "\\";
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0) continue;
        ++count;
        wcscat(path, found.cFileName);
        CHECK(DeleteFileW(path));
    } while (FindNextFileW(search, &found));
    FindClose(search);
    CHECK(RemoveDirectoryA(FOLDER));
    return count;
}

/* The number of populations of the network in a file, 0 if it does not load. */
static unsigned populations_in(const char *path) {
    SNNNetwork network = NULL;
    SNNNetworkInfo info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    if (snn_network_load(path, &network) != SNN_OK) return 0;
    if (snn_network_get_info(network, &info) != SNN_OK) info.population_count = 0;
    snn_network_release(network);
    return info.population_count;
}

static void a_path_is_utf8(void) {
    SNNNetwork network = make_chain();
    make_folder();
    CHECK_OK(snn_network_save(network, FOLDER "/\xc3\xa9\xe6\xbc\xa2\xf0\x9f\xa7\xa0.snn")); /* e with an accent, Han, a brain */
    CHECK(GetFileAttributesW(L"" FOLDER "\\\u00e9\u6f22\xd83e\xdde0.snn") != INVALID_FILE_ATTRIBUTES);
    CHECK(populations_in(FOLDER "/\xc3\xa9\xe6\xbc\xa2\xf0\x9f\xa7\xa0.snn") > 0);
    CHECK_ERROR(snn_network_save(network, FOLDER "/\xff.snn"), SNN_ERROR_IO, "not UTF-8");
    CHECK_ERROR(snn_network_load(FOLDER "/\xff.snn", &network), SNN_ERROR_IO, "not UTF-8");
    snn_network_release(network);
    CHECK_EQUAL(remove_folder(), 1);
}

static void folders_and_devices_are_refused(void) {
    SNNNetwork network = make_chain(), loaded = NULL;
    make_folder();
    CHECK_ERROR(snn_network_save(network, FOLDER), SNN_ERROR_IO, "it is a folder, not a regular file");
    CHECK_ERROR(snn_network_load(FOLDER, &loaded), SNN_ERROR_IO, "it is a folder, not a regular file");
    CHECK_ERROR(snn_network_load("NUL", &loaded), SNN_ERROR_IO, "it is a device, not a regular file");
    snn_network_release(network);
    CHECK_EQUAL(remove_folder(), 0);
}

static void a_write_protected_file_is_kept(void) {
    SNNNetwork small = make_chain(), large = make_classifier();
    unsigned before;
    make_folder();
    CHECK_OK(snn_network_save(small, FILE_HERE));
    before = populations_in(FILE_HERE);
    CHECK(SetFileAttributesA(FILE_HERE, FILE_ATTRIBUTE_READONLY));
    CHECK_ERROR(snn_network_save(large, FILE_HERE), SNN_ERROR_IO, "the file is write-protected");
    CHECK_EQUAL(populations_in(FILE_HERE), before);
    CHECK(SetFileAttributesA(FILE_HERE, FILE_ATTRIBUTE_NORMAL));
    CHECK_OK(snn_network_save(large, FILE_HERE));
    CHECK(populations_in(FILE_HERE) != before);
    snn_network_release(small);
    snn_network_release(large);
    CHECK_EQUAL(remove_folder(), 1);
}

static HANDLE hold(DWORD shared) {
    return CreateFileA(FILE_HERE, GENERIC_READ, shared, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
}

static DWORD WINAPI let_go_soon(void *file) {
    Sleep(20);
    CloseHandle(file);
    return 0;
}

/* A scanner of viruses lets go after a moment, an editor does not. */
static void a_file_that_another_program_holds_is_waited_for_and_kept(void) {
    SNNNetwork network = make_chain();
    HANDLE held, thread;
    make_folder();
    CHECK_OK(snn_network_save(network, FILE_HERE));
    held = hold(FILE_SHARE_READ);
    CHECK(held != INVALID_HANDLE_VALUE);
    CHECK_ERROR(snn_network_save(network, FILE_HERE), SNN_ERROR_IO, "cannot replace '" FOLDER);
    CHECK(strlen(strrchr(snn_last_error(), ':')) > 5); /* and why */
    CHECK(populations_in(FILE_HERE) > 0);
    thread = CreateThread(NULL, 0, let_go_soon, held, 0, NULL);
    CHECK(thread);
    CHECK_OK(snn_network_save(network, FILE_HERE));
    CHECK(WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0);
    CloseHandle(thread);
    snn_network_release(network);
    CHECK_EQUAL(remove_folder(), 1);
}

/* As while another thread or program replaces it. */
static void a_file_that_cannot_be_opened_yet_is_waited_for(void) {
    SNNNetwork network = make_chain(), loaded = NULL;
    HANDLE held, thread;
    make_folder();
    CHECK_OK(snn_network_save(network, FILE_HERE));
    held = hold(0);
    CHECK(held != INVALID_HANDLE_VALUE);
    CHECK_ERROR(snn_network_load(FILE_HERE, &loaded), SNN_ERROR_IO, "cannot open '" FOLDER);
    thread = CreateThread(NULL, 0, let_go_soon, held, 0, NULL);
    CHECK(thread);
    CHECK(populations_in(FILE_HERE) > 0);
    CHECK(WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0);
    CloseHandle(thread);
    snn_network_release(network);
    CHECK_EQUAL(remove_folder(), 1);
}

static DWORD WINAPI save_often(void *network) {
    int i;
    DWORD failed = 0;
    for (i = 0; i < 30; ++i) failed += snn_network_save(network, FILE_HERE) != SNN_OK;
    return failed;
}

static void threads_may_save_to_one_path(void) {
    SNNNetwork network = make_chain();
    HANDLE threads[2];
    int i;
    make_folder();
    for (i = 0; i < 2; ++i) CHECK((threads[i] = CreateThread(NULL, 0, save_often, network, 0, NULL)) != NULL);
    for (i = 0; i < 2; ++i) {
        DWORD failed = 1;
        CHECK(WaitForSingleObject(threads[i], INFINITE) == WAIT_OBJECT_0);
        CHECK(GetExitCodeThread(threads[i], &failed));
        CHECK_EQUAL(failed, 0);
        CloseHandle(threads[i]);
    }
    CHECK(populations_in(FILE_HERE) > 0);
    snn_network_release(network);
    CHECK_EQUAL(remove_folder(), 1);
}

static const CheckCase cases[] = {
    CASE(a_path_is_utf8),
    CASE(folders_and_devices_are_refused),
    CASE(a_write_protected_file_is_kept),
    CASE(a_file_that_another_program_holds_is_waited_for_and_kept),
    CASE(a_file_that_cannot_be_opened_yet_is_waited_for),
    CASE(threads_may_save_to_one_path),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
