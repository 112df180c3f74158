#include "common/once.h"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

using snn::Once;

TEST_CASE("what was made once is not made again, and what failed is tried again") {
    Once once;
    int calls = 0;
    CHECK_THROWS_AS(once.call([&] { throw std::runtime_error("no"); }), std::runtime_error);
    for (int i = 0; i < 3; ++i) once.call([&] { ++calls; });
    CHECK(calls == 1);
}

TEST_CASE("threads wait for the one that makes it") {
    Once once;
    int made = 0;
    std::vector<int> seen(8);
    std::vector<std::thread> threads;
    for (int& mine : seen)
        threads.emplace_back([&] {
            once.call([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
                ++made;
            });
            mine = made;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(seen == std::vector<int>(8, 1));
}
