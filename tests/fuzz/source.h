// source.h - where a fuzzer's decisions come from: a seed, so that a failure can be repeated, or the bytes that libFuzzer
// proposes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <limits>

namespace fuzz {

class Source {
public:
    explicit Source(uint64_t seed) : state_(seed) {}
    Source(const uint8_t* data, size_t size) : data_(data), size_(size), from_bytes_(true) {}

    bool empty() const { return from_bytes_ && position_ >= size_; }

    uint64_t bits() {
        if (from_bytes_) {
            uint64_t value = 0;
            for (int i = 0; i < 2; ++i) value = value << 8 | (position_ < size_ ? data_[position_++] : 0);
            return value * 0x9E3779B97F4A7C15u;  // spread over all bits; equal bytes stay equal decisions
        }
        state_ += 0x9E3779B97F4A7C15u;  // splitmix64
        uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }
    uint32_t below(uint32_t limit) { return limit ? static_cast<uint32_t>((bits() >> 32) % limit) : 0; }
    bool chance(uint32_t percent) { return below(100) < percent; }

    template <class T>
    T one_of(std::initializer_list<T> values) {
        return values.begin()[below(static_cast<uint32_t>(values.size()))];
    }
    // Mostly ordinary, sometimes at the edge of what a double can be.
    double number() {
        if (chance(85)) return (static_cast<double>(below(4001)) - 1000.0) / 1000.0;
        return one_of<double>({0.0, -0.0, 1e-45, -1e-38, 1e30, 3.4e38, -3.5e38, 1e308, std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()});
    }
    // The right count most of the time.
    size_t count(size_t right) {
        if (chance(90)) return right;
        return one_of<size_t>({0, 1, right + 1, right ? right - 1 : 7, right * 2});
    }

private:
    uint64_t state_ = 0;
    const uint8_t* data_ = nullptr;
    size_t size_ = 0, position_ = 0;
    bool from_bytes_ = false;
};

// The main function of a fuzzer, `fuzz_NAME SEED ITERATIONS`: calls `is_good` with so many sources made of the seed, and prints how
// many times it said yes.
template <class IsGood>
int run(int argc, char** argv, const char* what, const char* good, IsGood is_good) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s SEED ITERATIONS\n", argv[0]);
        return 2;
    }
    const unsigned long long seed = std::strtoull(argv[1], nullptr, 10), iterations = std::strtoull(argv[2], nullptr, 10);
    unsigned long long yes = 0;
    for (uint64_t i = 0; i < iterations; ++i) {
        Source source(seed * 1'000'003 + i);
        yes += is_good(source);
    }
    std::printf("%llu %s from seed %llu, %llu of them %s\n", iterations, what, seed, yes, good);
    return 0;
}

}  // namespace fuzz
