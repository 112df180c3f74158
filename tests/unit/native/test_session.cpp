// What a session does that cannot be seen through the C interface.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/error.h"
#include "schedule/session.h"
#include "small_networks.h"

using namespace snn;
using namespace snn::test;

namespace {

// A clock that moves on by itself: each look takes a second.
double seconds = 0;
double next_second() { return seconds++; }

// A clock that the steps of a session move on: a second for each.
const Session* stepped = nullptr;
int looks = 0;
double second_of_a_step() {
    ++looks;
    return static_cast<double>(stepped->state().progress().steps);
}

std::shared_ptr<const Network> one_cell() {
    NetworkMaker maker;
    maker.neurons({1}, "lif");
    return maker.plan()->network;
}

void count_warnings(int32_t level, const char*, void* user) { *static_cast<int*>(user) += level == SNN_LOG_WARNING; }

}  // namespace

TEST_CASE("a budget ends a frame at a step, and the rest is carried") {
    SessionOptions options;
    options.device = "reference";
    options.max_catch_up_steps = 10;
    int warnings = 0;
    options.log = count_warnings;
    options.log_user = &warnings;
    Session session(one_cell(), options);
    session.wall_clock = next_second;
    // The clock is read at the beginning and after each step: after n steps n seconds are spent.
    CHECK(session.advance(0.008, 3.0) == 3);
    CHECK(session.state().progress().steps == 3);
    CHECK(session.advance(0.0, 2.5) == 3);  // two and a half seconds are spent in the third step
    CHECK(session.advance(0.0, 0.0) == 1);  // at least one
    CHECK(session.advance(0.0, 5.0) == 1);  // no more than are due
    CHECK(session.state().progress().steps == 8);
    CHECK(session.advance(0.0, 5.0) == 0);
    CHECK(session.advance(0.0005, 1.0) == 0);
    CHECK(session.advance(0.0005, 1.0) == 1);
    CHECK(warnings == 0);
    // What is carried counts among the steps to catch up.
    CHECK(session.advance(0.009, 2.0) == 2);  // 7 left
    CHECK(session.advance(0.003, 4.0) == 4);  // 10 due, 6 left
    CHECK(warnings == 0);
    CHECK(session.advance(0.006, 1.0) == 1);  // 12 due, 2 dropped, 9 left
    CHECK(warnings == 1);
    CHECK(session.advance(0.002, 1.0) == 1);  // 11 due: still dropping
    CHECK(warnings == 1);
    CHECK(session.advance(0.0) == 9);
    CHECK(session.state().progress().steps == 8 + 1 + 2 + 4 + 1 + 1 + 9);
    session.state().reset();
    CHECK(session.advance(0.005, 1.0) == 1);
    session.state().reset();  // forgets what is due
    CHECK(session.advance(0.0) == 0);
}

TEST_CASE("far from the end of a budget many steps go between two looks at the clock, and it ends at its step") {
    SessionOptions options;
    options.device = "reference";
    options.max_catch_up_steps = 100000;
    Session session(one_cell(), options);
    stepped = &session;
    session.wall_clock = second_of_a_step;
    looks = 0;
    CHECK(session.advance(50.0, 20000.0) == 20000);
    CHECK(looks < 200);
    CHECK(session.advance(0.0, 9.5) == 10);
    looks = 0;
    CHECK(session.advance(0.0, 1e30) == 29990);
    CHECK(looks == 2);
    session.wall_clock = [] { return 0.0; };  // no time passes
    CHECK(session.advance(50.0, 1.0) == 50000);
}

TEST_CASE("a run that reports by the clock takes as many steps between two reports as fill the time") {
    SessionOptions options;
    options.device = "reference";
    Session session(one_cell(), options);
    std::vector<uint64_t> reports;
    SNNRunDef def{};
    def.step_count = 20;
    def.record_interval = 1;
    def.progress_interval = 0;
    def.progress = [](uint64_t done, uint64_t, void* user) {
        static_cast<std::vector<uint64_t>*>(user)->push_back(done);
        return 0;
    };
    def.progress_user = &reports;
    session.wall_clock = [] { return 0.0; };  // no time passes
    session.run(def);
    CHECK(reports == std::vector<uint64_t>{1, 3, 7, 15, 20});
    session.wall_clock = next_second;  // each piece takes a second: too long
    reports.clear();
    session.run(def);
    CHECK(reports == std::vector<uint64_t>{16, 20});
    reports.clear();
    def.step_count = 10;
    session.run(def);
    CHECK(reports == std::vector<uint64_t>{4, 6, 7, 8, 9, 10});  // the last piece of 4 was too long as well
}

namespace {

// In each step in which its input is 1, a cell spikes.
std::shared_ptr<const Network> relayed(uint32_t input_kind) {
    NetworkMaker maker;
    maker.add(input_kind, {1});
    maker.neurons({1}, relay_model());
    maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE, .source = 0, .target = 1, .weights = {1}});
    return maker.plan()->network;
}

void throw_at_zero(SNNHandle, const SNNSpikes*, void* user) {
    if (--*static_cast<int*>(user) == 0) throw std::string("from the host");
}

}  // namespace

TEST_CASE("after a callback that throws the session stands between two steps") {
    SessionOptions options;
    options.device = "reference";
    options.max_catch_up_steps = 10;
    const float one = 1;
    int calls = 1;
    SUBCASE("spike inputs are empty again") {
        Session session(relayed(SNN_POPULATION_SPIKE_INPUT), options);
        SNNRunDef run{};
        run.step_count = run.record_interval = 1;
        for (const bool in_run : {false, true}) {
            session.listeners().set_spike_callback(throw_at_zero, &(calls = 1), session.network());
            session.inputs().set(0, &one, 1);
            if (in_run) CHECK_THROWS_AS(session.run(run), std::string);
            else CHECK_THROWS_AS(session.step(1), std::string);
            CHECK(session.variables().spikes(1, 0).size() == 1);
            session.listeners().set_spike_callback(nullptr, nullptr, session.network());
            session.step(1);
            CHECK(session.variables().spikes(1, 0).empty());
        }
        CHECK(session.state().progress().steps == 4);
    }
    SUBCASE("time whose steps did not run is carried") {
        Session session(relayed(SNN_POPULATION_VALUE_INPUT), options);
        session.inputs().set(0, &one, 1);
        session.listeners().set_spike_callback(throw_at_zero, &(calls = 3), session.network());
        CHECK_THROWS_AS(session.advance(0.0085), std::string);
        CHECK(session.state().progress().steps == 3);
        session.listeners().set_spike_callback(nullptr, nullptr, session.network());
        CHECK(session.advance(0.0) == 5);
        CHECK(session.advance(0.0005) == 1);
        session.listeners().set_spike_callback(throw_at_zero, &(calls = 1), session.network());
        CHECK_THROWS_AS(session.advance(0.020), std::string);  // 10 are dropped
        session.listeners().set_spike_callback(nullptr, nullptr, session.network());
        CHECK(session.advance(0.0) == 9);
        CHECK(session.state().progress().steps == 3 + 5 + 1 + 10);
    }
}

TEST_CASE("a callback that throws does not leave the session open to reading") {
    NetworkMaker maker;
    maker.neurons({1}, "lif");
    SessionOptions options;
    options.device = "reference";
    Session session(maker.plan()->network, options);
    const SessionGate::Entry entry(session.gate());
    const SNNEpoch epoch{};
    Listeners& listeners = session.listeners();
    listeners.set_epoch_callback(
        [](SNNHandle, const SNNEpoch*, void* user) {
            CHECK_NOTHROW(SessionGate::Entry(*static_cast<SessionGate*>(user), SessionGate::reading));
        },
        &session.gate());
    listeners.tell(epoch);
    listeners.set_epoch_callback([](SNNHandle, const SNNEpoch*, void*) { throw std::string("from the host"); }, nullptr);
    CHECK_THROWS_AS(listeners.tell(epoch), std::string);
    try {
        const SessionGate::Entry nested(session.gate(), SessionGate::reading);
        FAIL("entered");
    } catch (const Error& error) {
        CHECK(error.status() == SNN_ERROR_BUSY);
    }
}
