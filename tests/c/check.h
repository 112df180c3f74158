/* check.h - what the C tests need and no more: checks that say what was wrong, a list of cases, a summary line that
 * tools/results.py adds up. A failed CHECK ends its case; the next case still runs.
 *
 *     static void adds(void) { CHECK(1 + 1 == 2); }
 *     static const CheckCase cases[] = {CASE(adds)};
 *     int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
 *
 * `program NAME` runs only the cases whose name contains NAME. */
#ifndef SNN_TESTS_CHECK_H
#define SNN_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <snn/snn.h>

typedef struct CheckCase {
    const char *name;
    void (*function)(void);
} CheckCase;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CASE(function) {#function, function}

enum { CHECK_FAILED = 1, CHECK_SKIPPED = 2 };
static jmp_buf check_end_of_case;

static void check_fail(const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    longjmp(check_end_of_case, CHECK_FAILED);
}

#define CHECK(condition) \
    do { \
        if (!(condition)) check_fail(__FILE__, __LINE__, "not true: %s", #condition); \
    } while (0)

#define CHECK_EQUAL(actual, expected) \
    do { \
        const long long actual_ = (long long)(actual), expected_ = (long long)(expected); \
        if (actual_ != expected_) \
            check_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", #actual, actual_, expected_); \
    } while (0)

#define CHECK_TEXT(actual, expected) \
    do { \
        const char *actual_ = (actual); \
        if (!actual_ || strcmp(actual_, (expected)) != 0) \
            check_fail(__FILE__, __LINE__, "%s is \"%s\", expected \"%s\"", #actual, actual_ ? actual_ : "(null)", \
                       (expected)); \
    } while (0)

#define CHECK_NEAR(actual, expected, tolerance) \
    do { \
        const double actual_ = (actual), expected_ = (expected); \
        if (!(actual_ - expected_ <= (tolerance) && expected_ - actual_ <= (tolerance))) \
            check_fail(__FILE__, __LINE__, "%s is %.9g, expected %.9g within %g", #actual, actual_, expected_, \
                       (double)(tolerance)); \
    } while (0)

#define CHECK_OK(call) \
    do { \
        const SNNStatus status_ = (call); \
        if (status_ != SNN_OK) \
            check_fail(__FILE__, __LINE__, "%s: %s: %s", #call, snn_status_name(status_), snn_last_error()); \
    } while (0)

/* The call fails with this status, and the sentence contains `words`. */
#define CHECK_ERROR(call, expected_status, words) \
    do { \
        const SNNStatus status_ = (call); \
        if (status_ != (expected_status)) \
            check_fail(__FILE__, __LINE__, "%s: %s (\"%s\"), expected %s", #call, snn_status_name(status_), \
                       snn_last_error(), #expected_status); \
        if (!strstr(snn_last_error(), (words))) \
            check_fail(__FILE__, __LINE__, "%s: the sentence is \"%s\", expected it to contain \"%s\"", #call, \
                       snn_last_error(), (words)); \
    } while (0)

/* Ends the case as skipped; the reason is printed. */
#define SKIP(reason) \
    do { \
        printf("[check] skipped: %s\n", (reason)); \
        longjmp(check_end_of_case, CHECK_SKIPPED); \
    } while (0)

static inline int check_main(int argc, char **argv, const CheckCase *cases, size_t count) {
    static size_t passed, failed, skipped, i; /* static: a longjmp leaves them as they are */
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (i = 0; i < count; ++i) {
        if (argc > 1 && !strstr(cases[i].name, argv[1])) continue;
        switch (setjmp(check_end_of_case)) {
            case 0:
                cases[i].function();
                ++passed;
                break;
            case CHECK_SKIPPED: ++skipped; break;
            default:
                fprintf(stderr, "FAILED: %s\n", cases[i].name);
                ++failed;
                break;
        }
    }
    printf("[check] test cases: %zu | %zu passed | %zu failed | %zu skipped\n", passed + failed + skipped, passed,
           failed, skipped);
    return failed || passed + skipped == 0;
}

#endif
