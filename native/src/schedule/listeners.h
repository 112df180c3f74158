// What a session tells the program: spikes, updates of weights, epochs, the log. Callbacks run without any lock held; the
// session is busy for all but reading calls meanwhile.
//
// Steps in the background call nobody: what they have to tell is kept until the call that sees them done.
//
// Thread-safety: one thread at a time, the one inside the session, or that of steps in the background.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "schedule/session_gate.h"

namespace snn {

class Listeners {
public:
    // `gate`: of the session.
    Listeners(SNNLogCallback on_log, void* log_user, SessionGate& gate) : gate_(gate), log_(on_log), log_user_(log_user) {}

    // Null: nobody listens.
    void set_spike_callback(SpikeCallback callback, void* user, const Network& network);
    void set_weight_callback(SNNWeightCallback callback, void* user) { weight_callback_ = callback, weight_user_ = user; }
    void set_epoch_callback(SNNEpochCallback callback, void* user) { epoch_callback_ = callback, epoch_user_ = user; }
    bool hear_spikes() const { return spike_callback_ != nullptr; }
    bool hear_weights() const { return weight_callback_ != nullptr; }
    bool hear_log() const { return log_ != nullptr; }

    // Those of the executor's last step, which was `step`.
    void tell_spikes(const Network& network, uint32_t batch_size, Executor& executor, uint64_t step);
    void tell(const SNNWeightUpdate& update);
    void tell(const SNNEpoch& epoch);
    void log(int32_t level, const char* message);
    void warn(const std::string& sentence) { log(SNN_LOG_WARNING, sentence.c_str()); }
    // What steps in the background kept, once they are done.
    void tell_kept();

    SNNHandle handle = nullptr;  // what callbacks are given

private:
    struct KeptSpikes {
        SNNSpikes spikes;
        size_t first;  // of its neurons in kept_neurons_
    };

    void keep(const SNNSpikes& spikes);
    void tell(const SNNSpikes& spikes);

    SessionGate& gate_;
    SNNLogCallback log_;
    void* log_user_;
    SpikeCallback spike_callback_ = nullptr;
    void* spike_user_ = nullptr;
    SNNWeightCallback weight_callback_ = nullptr;
    void* weight_user_ = nullptr;
    SNNEpochCallback epoch_callback_ = nullptr;
    void* epoch_user_ = nullptr;
    std::vector<uint32_t> told_spikes_;  // what the callback is given: it may read others from the executor meanwhile
    std::vector<std::pair<int32_t, std::string>> kept_messages_;
    std::vector<KeptSpikes> kept_spikes_;
    std::vector<uint32_t> kept_neurons_;
};

}  // namespace snn
