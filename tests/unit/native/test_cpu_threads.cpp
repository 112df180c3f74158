// The thread pool: every task once, whatever the workers are doing.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "common/thread_pool.h"

namespace snn::test {

TEST_CASE("thread pool: every task runs once") {
    for (const uint32_t width : {1u, 2u, 4u, 7u}) {
        ThreadPool pool(width, {});
        CHECK(pool.width() == width);
        for (uint32_t round = 0; round < 2000; ++round) {
            const uint32_t count = round % 11;
            std::vector<std::atomic<uint32_t>> done(count);
            pool.run(count, [&](uint32_t i) { done[i].fetch_add(1); });
            for (const auto& times : done) REQUIRE(times.load() == 1);
        }
    }
}

TEST_CASE("thread pool: what tasks wrote is there afterwards") {
    ThreadPool pool(3, {});
    std::vector<uint64_t> sums(6);
    for (uint64_t round = 0; round < 500; ++round) {
        pool.run(6, [&](uint32_t i) { sums[i] += round * i; });
        for (uint64_t i = 0; i < 6; ++i) REQUIRE(sums[i] == i * (round * (round + 1) / 2));
    }
}

TEST_CASE("thread pool: sleeping workers wake up, and a pool can end at any moment") {
    for (int i = 0; i < 5; ++i) {
        ThreadPool pool(4, {});
        std::this_thread::sleep_for(std::chrono::milliseconds(i));
        std::atomic<uint32_t> done{0};
        pool.run(100, [&](uint32_t) { done.fetch_add(1); });
        CHECK(done.load() == 100);
    }
    for (int i = 0; i < 50; ++i) ThreadPool(3, {});
}

TEST_CASE("thread pool: the host's job system gets the tasks") {
    struct Host {
        uint32_t calls = 0, tasks = 0;
        static void SNN_CALL parallel_for(void* user, uint32_t count, void(SNN_CALL* task)(void*, uint32_t), void* context) {
            Host& host = *static_cast<Host*>(user);
            ++host.calls;
            host.tasks += count;
            for (uint32_t i = 0; i < count; ++i) task(context, i);
        }
    } host;
    ThreadPool pool(1, {sizeof(SNNJobSystem), 5, Host::parallel_for, &host});
    CHECK(pool.width() == 5);
    uint32_t sum = 0;
    pool.run(4, [&](uint32_t i) { sum += i; });
    pool.run(1, [&](uint32_t i) { sum += 10 + i; });  // one task stays with the caller
    CHECK(sum == 16);
    CHECK(host.calls == 1);
    CHECK(host.tasks == 4);
}

}  // namespace snn::test
