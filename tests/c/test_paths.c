/* What may be at the path of a .snn file besides a file, and who else may use it meanwhile: links, pipes, folders,
 * permissions, other threads. Everything happens in a new folder in the working folder. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures.h"

static char folder[64];

static void make_folder(void) {
    snprintf(folder, sizeof folder, "tmp_paths_XXXXXX");
    CHECK(mkdtemp(folder));
}

/* The path of a name in the folder; four at a time. */
static const char *in_folder(const char *name) {
    static char paths[4][512];
    static unsigned next = 0;
    char *path = paths[next++ % COUNT(paths)];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* Removes the folder; returns how many entries were in it. */
static unsigned remove_folder(void) {
    DIR *directory = opendir(folder);
    struct dirent *entry;
    unsigned count = 0;
    CHECK(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        ++count;
        CHECK(remove(in_folder(entry->d_name)) == 0);
    }
    closedir(directory);
    CHECK(rmdir(folder) == 0);
    return count;
}

/* The number of neurons of the network in a file, 0 if it does not load. */
static uint64_t neurons_in(const char *path) {
    SNNNetwork network = NULL;
    SNNNetworkInfo info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    if (snn_network_load(path, &network) != SNN_OK) return 0;
    if (snn_network_get_info(network, &info) != SNN_OK) info.neuron_count = 0;
    snn_network_release(network);
    return info.neuron_count;
}

enum { CHAIN_NEURONS = 3, CLASSIFIER_NEURONS = 27 }; /* of make_chain and make_classifier */

static mode_t mode_of(const char *path) {
    struct stat status;
    CHECK(lstat(path, &status) == 0);
    return status.st_mode;
}

static void a_link_stays_and_its_file_is_replaced(void) {
    SNNNetwork chain = make_chain(), classifier = make_classifier();
    make_folder();
    CHECK_OK(snn_network_save(chain, in_folder("file.snn")));
    CHECK(symlink("file.snn", in_folder("relative.snn")) == 0);
    CHECK(symlink("relative.snn", in_folder("twice.snn")) == 0);
    CHECK_OK(snn_network_save(classifier, in_folder("twice.snn")));
    CHECK(S_ISLNK(mode_of(in_folder("twice.snn"))) && S_ISLNK(mode_of(in_folder("relative.snn"))));
    CHECK(S_ISREG(mode_of(in_folder("file.snn"))));
    CHECK_EQUAL(neurons_in(in_folder("file.snn")), CLASSIFIER_NEURONS);
    snn_network_release(chain);
    snn_network_release(classifier);
    CHECK_EQUAL(remove_folder(), 3);
}

static void a_link_into_another_folder_is_followed_there(void) {
    SNNNetwork chain = make_chain();
    char here[256], target[400];
    make_folder();
    CHECK(mkdir(in_folder("store"), 0777) == 0);
    CHECK(getcwd(here, sizeof here));
    snprintf(target, sizeof target, "%s/%s/store/new.snn", here, folder);
    CHECK(symlink(target, in_folder("absolute.snn")) == 0);
    CHECK_OK(snn_network_save(chain, in_folder("absolute.snn"))); /* the link leads nowhere as yet */
    CHECK(S_ISLNK(mode_of(in_folder("absolute.snn"))));
    CHECK_EQUAL(neurons_in(in_folder("store/new.snn")), CHAIN_NEURONS);
    CHECK(remove(in_folder("store/new.snn")) == 0);
    snn_network_release(chain);
    CHECK_EQUAL(remove_folder(), 2);
}

static void links_in_a_circle_are_refused(void) {
    SNNNetwork chain = make_chain(), loaded = NULL;
    make_folder();
    CHECK(symlink("b.snn", in_folder("a.snn")) == 0);
    CHECK(symlink("a.snn", in_folder("b.snn")) == 0);
    CHECK_ERROR(snn_network_save(chain, in_folder("a.snn")), SNN_ERROR_IO, strerror(ELOOP));
    CHECK_ERROR(snn_network_load(in_folder("a.snn"), &loaded), SNN_ERROR_IO, strerror(ELOOP));
    snn_network_release(chain);
    CHECK_EQUAL(remove_folder(), 2);
}

/* A pipe without a writer or reader: opening it the plain way would wait for ever, so an alarm ends the program. */
static void a_pipe_is_refused_at_once_and_stays(void) {
    SNNNetwork chain = make_chain(), loaded = NULL;
    make_folder();
    CHECK(mkfifo(in_folder("pipe.snn"), 0600) == 0);
    CHECK(symlink("pipe.snn", in_folder("link.snn")) == 0);
    alarm(20);
    CHECK_ERROR(snn_network_load(in_folder("pipe.snn"), &loaded), SNN_ERROR_IO, "/pipe.snn': it is a named pipe");
    CHECK_ERROR(snn_network_load(in_folder("link.snn"), &loaded), SNN_ERROR_IO, "/link.snn': it is a named pipe");
    CHECK_ERROR(snn_network_save(chain, in_folder("pipe.snn")), SNN_ERROR_IO, "/pipe.snn': it is a named pipe");
    CHECK_ERROR(snn_network_save(chain, in_folder("link.snn")), SNN_ERROR_IO, "/link.snn': it is a named pipe");
    alarm(0);
    CHECK(loaded == NULL);
    CHECK(S_ISFIFO(mode_of(in_folder("pipe.snn"))) && S_ISLNK(mode_of(in_folder("link.snn"))));
    snn_network_release(chain);
    CHECK_EQUAL(remove_folder(), 2);
}

static void a_socket_and_a_folder_are_refused_and_stay(void) {
    SNNNetwork chain = make_chain(), loaded = NULL;
    make_folder();
    CHECK(mknod(in_folder("socket.snn"), S_IFSOCK | 0600, 0) == 0); /* no socket(): its header has a connect() too */
    CHECK(mkdir(in_folder("folder.snn"), 0777) == 0);
    CHECK_ERROR(snn_network_save(chain, in_folder("socket.snn")), SNN_ERROR_IO, "/socket.snn': it is a socket");
    CHECK_ERROR(snn_network_load(in_folder("socket.snn"), &loaded), SNN_ERROR_IO, "/socket.snn'");
    CHECK_ERROR(snn_network_save(chain, in_folder("folder.snn")), SNN_ERROR_IO, "/folder.snn': it is a folder");
    CHECK_ERROR(snn_network_load(in_folder("folder.snn"), &loaded), SNN_ERROR_IO, "/folder.snn': it is a folder");
    CHECK(S_ISSOCK(mode_of(in_folder("socket.snn"))) && S_ISDIR(mode_of(in_folder("folder.snn"))));
    snn_network_release(chain);
    CHECK_EQUAL(remove_folder(), 2);
}

static void the_permissions_of_the_old_file_stay(void) {
    static const mode_t modes[] = {0600, 0640, 0666, 0444};
    SNNNetwork chain = make_chain(), classifier = make_classifier();
    const mode_t old_mask = umask(022);
    size_t i;
    make_folder();
    CHECK_OK(snn_network_save(chain, in_folder("new.snn")));
    CHECK_EQUAL(mode_of(in_folder("new.snn")) & 07777, 0644); /* a new file: what the umask leaves of 0666 */
    for (i = 0; i < COUNT(modes); ++i) {
        CHECK(chmod(in_folder("new.snn"), modes[i]) == 0);
        CHECK_OK(snn_network_save(i % 2 ? chain : classifier, in_folder("new.snn")));
        CHECK_EQUAL(mode_of(in_folder("new.snn")) & 07777, modes[i]);
        CHECK_EQUAL(neurons_in(in_folder("new.snn")), i % 2 ? CHAIN_NEURONS : CLASSIFIER_NEURONS);
    }
    umask(old_mask);
    snn_network_release(chain);
    snn_network_release(classifier);
    CHECK_EQUAL(remove_folder(), 1);
}

/* A process that was killed while it saved leaves its file behind, and a later one may get the same number. */
static void a_leftover_of_the_same_process_number_is_stepped_over(void) {
    enum { MANY = 300 };
    SNNNetwork chain = make_chain();
    char name[64];
    int i;
    make_folder();
    for (i = 0; i < MANY; ++i) { /* more than this program has saved, so the next name is among them */
        FILE *file;
        snprintf(name, sizeof name, "net.snn.saving%ld_%d", (long)getpid(), i);
        file = fopen(in_folder(name), "wb");
        CHECK(file && fclose(file) == 0);
    }
    CHECK_OK(snn_network_save(chain, in_folder("net.snn")));
    CHECK_EQUAL(neurons_in(in_folder("net.snn")), CHAIN_NEURONS);
    snn_network_release(chain);
    CHECK_EQUAL(remove_folder(), MANY + 1);
}

/* ---- Many threads, one path ---- */

/* check.h ends a case by a longjmp, which must not cross threads: these count instead. */
typedef struct Party {
    const char *path;
    SNNNetwork network; /* null: this thread loads */
    unsigned failed, chains, classifiers;
    char sentence[256]; /* of the last failure */
} Party;

static void *save_or_load_many(void *argument) {
    Party *party = argument;
    int i;
    for (i = 0; i < 60; ++i) {
        const uint64_t neurons = party->network ? 0 : neurons_in(party->path);
        const int good = party->network ? snn_network_save(party->network, party->path) == SNN_OK
                                        : neurons == CHAIN_NEURONS || neurons == CLASSIFIER_NEURONS;
        party->chains += neurons == CHAIN_NEURONS;
        party->classifiers += neurons == CLASSIFIER_NEURONS;
        if (good) continue;
        ++party->failed;
        snprintf(party->sentence, sizeof party->sentence, "%s", snn_last_error());
    }
    return NULL;
}

static void threads_that_save_to_one_path_never_mix_their_files(void) {
    enum { SAVERS = 4, LOADERS = 2 };
    SNNNetwork chain = make_chain(), classifier = make_classifier();
    Party parties[SAVERS + LOADERS];
    pthread_t threads[SAVERS + LOADERS];
    const char *path;
    int i;
    make_folder();
    path = in_folder("shared.snn");
    CHECK_OK(snn_network_save(chain, path));
    memset(parties, 0, sizeof parties);
    for (i = 0; i < SAVERS + LOADERS; ++i) {
        parties[i].path = path;
        if (i < SAVERS) parties[i].network = i % 2 ? chain : classifier;
    }
    for (i = 0; i < SAVERS + LOADERS; ++i)
        CHECK(pthread_create(&threads[i], NULL, save_or_load_many, &parties[i]) == 0);
    for (i = 0; i < SAVERS + LOADERS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    for (i = 0; i < SAVERS + LOADERS; ++i)
        if (parties[i].failed)
            check_fail(__FILE__, __LINE__, "thread %d failed %u times to %s: %s", i, parties[i].failed,
                       parties[i].network ? "save" : "load", parties[i].sentence);
    snn_network_release(chain);
    snn_network_release(classifier);
    CHECK_EQUAL(remove_folder(), 1); /* and nothing is left beside it */
}

/* ---- Somebody else changes the file ---- */

typedef struct Cutter {
    int descriptor;
    off_t size;
    volatile int stop;
} Cutter;

/* Cuts the file to half and makes it whole in length again (the second half then is zeros), until told to stop. */
static void *cut_and_mend(void *argument) {
    Cutter *cutter = argument;
    while (!__atomic_load_n(&cutter->stop, __ATOMIC_ACQUIRE))
        if (ftruncate(cutter->descriptor, cutter->size / 2) != 0 || ftruncate(cutter->descriptor, cutter->size) != 0)
            return argument;
    return NULL;
}

/* With a mapped file this ends in SIGBUS. */
static void a_file_cut_while_it_is_loaded_is_an_error_or_loads_and_never_crashes(void) {
    SNNNetwork large = new_network();
    Cutter cutter = {-1, 0, 0};
    struct stat status;
    pthread_t thread;
    void *trouble = NULL;
    unsigned refused = 0, i;
    make_folder();
    add_input(large, "in", SNN_POPULATION_SPIKE_INPUT, 700);
    add_neurons(large, "cells", "adder", 700);
    connect(large, SNN_CONNECT_DENSE, 0, 1, NULL, 0); /* two megabytes of zeros */
    CHECK_OK(snn_network_finish(large));
    CHECK_OK(snn_network_save(large, in_folder("cut.snn")));
    snn_network_release(large);
    CHECK(stat(in_folder("cut.snn"), &status) == 0);
    cutter.size = status.st_size;
    cutter.descriptor = open(in_folder("cut.snn"), O_WRONLY);
    CHECK(cutter.descriptor >= 0);
    CHECK(pthread_create(&thread, NULL, cut_and_mend, &cutter) == 0);
    for (i = 0; i < 2000 && refused < 20; ++i) refused += neurons_in(in_folder("cut.snn")) != 700;
    __atomic_store_n(&cutter.stop, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(thread, &trouble) == 0);
    close(cutter.descriptor);
    CHECK(trouble == NULL);
    CHECK(refused > 0); /* else the two never met */
    CHECK_EQUAL(remove_folder(), 1);
}

static const CheckCase cases[] = {
    CASE(a_link_stays_and_its_file_is_replaced),
    CASE(a_link_into_another_folder_is_followed_there),
    CASE(links_in_a_circle_are_refused),
    CASE(a_pipe_is_refused_at_once_and_stays),
    CASE(a_socket_and_a_folder_are_refused_and_stay),
    CASE(the_permissions_of_the_old_file_stay),
    CASE(a_leftover_of_the_same_process_number_is_stepped_over),
    CASE(threads_that_save_to_one_path_never_mix_their_files),
    CASE(a_file_cut_while_it_is_loaded_is_an_error_or_loads_and_never_crashes),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
