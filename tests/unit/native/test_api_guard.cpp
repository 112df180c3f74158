// Structs of older headers, shown with one of the tests' own; exceptions as statuses.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "api/guard.h"

namespace {

struct Grown {
    uint32_t struct_size;
    uint32_t old;
    const char* added;
};

std::string last_error;

void init(Grown* out, uint32_t struct_size) { snn::api::initialize(out, struct_size, Grown{0, 7, "default"}); }

}  // namespace

// The library's own is in src/api, which is not part of this program.
void snn::api::set_last_error(const char* sentence) noexcept { last_error = sentence; }

template <>
inline constexpr uint32_t snn::api::sizes_of<Grown>[] = {offsetof(Grown, added), sizeof(Grown)};

TEST_CASE("a caller with an older header gives and gets the start of a struct") {
    constexpr uint32_t old_size = offsetof(Grown, added);
    Grown given{old_size, 3, "not the caller's memory"};
    const Grown completed = snn::api::complete(&given, init, "given");
    CHECK(completed.old == 3);
    CHECK(std::strcmp(completed.added, "default") == 0);
    CHECK(snn::api::complete(&given, "given").added == nullptr);

    snn::api::answer(&given, {0, 4, "answer"}, "given");
    CHECK(given.struct_size == old_size);
    CHECK(given.old == 4);
    CHECK(std::strcmp(given.added, "not the caller's memory") == 0);

    init(&given, old_size);
    CHECK(given.struct_size == old_size);
    CHECK(given.old == 7);
    CHECK(std::strcmp(given.added, "not the caller's memory") == 0);
}

TEST_CASE("a size that ends inside a field is refused, and the sentence names those there are") {
    Grown given{};
    for (uint32_t size = 0; size <= sizeof(Grown) + 4; ++size) {
        given.struct_size = size;
        if (size == offsetof(Grown, added) || size == sizeof(Grown)) {
            CHECK(snn::api::checked_size(given, "given") == size);
            continue;
        }
        try {
            snn::api::checked_size(given, "given");
            FAIL("the size was taken: " << size);
        } catch (const snn::Error& error) {
            CHECK(error.status() == SNN_ERROR_VERSION);
            CHECK(std::strstr(error.what(), "this library knows 8, 16"));
        }
    }
}

TEST_CASE("what no memory could hold is out of memory, not a defect") {
    const auto status_of = [](auto&& function) { return snn::api::guarded(function); };
    CHECK(status_of([] { std::vector<double>(SIZE_MAX / 2); }) == SNN_ERROR_OUT_OF_MEMORY);
    CHECK(status_of([] { throw std::bad_alloc(); }) == SNN_ERROR_OUT_OF_MEMORY);
    CHECK(status_of([] { throw std::runtime_error("a sentence"); }) == SNN_ERROR_INTERNAL);
    CHECK(last_error == "a sentence");
    CHECK(status_of([] { throw 1; }) == SNN_ERROR_INTERNAL);
    CHECK(status_of([] {}) == SNN_OK);
}
