// A session: one running copy of a network. It does steps, and owns the parts that the rest of it is. What comes from outside
// is checked in all of them; the executor below may then assume valid input.
//
//     SessionGate       who is inside
//     Listeners         callbacks and the log; lets callbacks in through the gate
//     OpenNetwork       plan, executor and device; warns the listeners
//     SessionInputs     what the steps to come read; knows the network alone
//     SessionVariables  values by name, own weights, parameters and rules; of OpenNetwork
//     SessionState      how far it is; reset, saved, restored: of OpenNetwork, SessionInputs and SessionVariables
//     CallerArrays      what a run or training reads and writes, checked against these three
//     HostDevice        steps and buffers on a device of the program, with all of these
//
// No part knows the session.
//
// Thread-safety: one thread at a time, seen to by SessionGate; a second thread gets SNN_ERROR_BUSY. While steps that begin()
// began are under way the executor and all that steps change belong to the background's thread.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "schedule/background.h"
#include "schedule/caller_arrays.h"
#include "schedule/host_device.h"
#include "schedule/listeners.h"
#include "schedule/open_network.h"
#include "schedule/session_gate.h"
#include "schedule/session_inputs.h"
#include "schedule/session_state.h"
#include "schedule/session_variables.h"

namespace snn {

struct SessionOptions {
    std::string device;
    ExecutorOptions executor;
    uint32_t max_catch_up_steps = 0;  // 0: see usual_catch_up()
    SNNLogCallback log = nullptr;
    void* log_user = nullptr;
};

class Session {
public:
    Session(std::shared_ptr<const Network> network, const SessionOptions& options);
    ~Session();

    SessionGate& gate() { return gate_; }
    Listeners& listeners() { return listeners_; }
    SessionInputs& inputs() { return inputs_; }
    SessionVariables& variables() { return variables_; }
    const SessionVariables& variables() const { return variables_; }
    SessionState& state() { return state_; }
    const SessionState& state() const { return state_; }
    const CallerArrays& arrays() const { return arrays_; }
    HostDevice& host_device() { return host_device_; }
    const OpenNetwork& opened() const { return open_; }
    const Network& network() const { return open_.network(); }

    void step(uint64_t count);
    // As many whole steps as fit, until `budget_s` seconds of wall time are spent; returns how many. At least one that is due
    // runs; what is left is due at the next call.
    uint32_t advance(double seconds, double budget_s = std::numeric_limits<double>::infinity());
    void run(const SNNRunDef& def);  // (session_run.cpp)
    // advance() on a thread of its own (session_background.cpp). False: the last ones are still under way; the time is carried
    // to the next call.
    bool begin(double seconds, double budget_s);
    // Whether nothing is under way any more; tells what steps had to tell when that is seen first, and throws what they threw.
    bool poll();
    void wait();  // until poll() is true

    // Training is coming: a session whose executor leaves that to another one of its device, or whose device was chosen by
    // "auto", goes on with one that trains, with all that it has.
    void prepare_to_train();

    double (*wall_clock)();  // seconds since some moment, never going back; a test may put its own here

private:
    class Run;  // a call of run()

    static void check_frame(double seconds, double budget_s);
    uint64_t step_within(uint64_t count, double budget_s);
    void tell_spikes();  // of the last step

    OpenNetwork open_;
    SessionGate gate_;  // after open_: what it owns ends before the executor
    Listeners listeners_;
    SessionInputs inputs_;
    SessionVariables variables_;
    SessionState state_;
    CallerArrays arrays_;
    HostDevice host_device_;

    uint32_t max_catch_up_steps_;
    uint32_t report_steps_ = 1;  // in a run that reports by the clock: steps from one report to the next

    // Of steps in the background.
    double owed_s_ = 0;  // time of calls of begin() that found steps under way
    double begun_s_ = 0, begun_budget_s_ = 0;
    std::unique_ptr<Background> background_;  // last: it ends first. Null before the first begin()
};

}  // namespace snn
