// How far a session is, and its state as a whole: begun again, saved, restored, run and left by a trainer.
//
// Thread-safety: one thread at a time.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "common/saved_state.h"
#include "network/fingerprint.h"
#include "schedule/open_network.h"
#include "schedule/session_inputs.h"
#include "schedule/session_variables.h"

namespace snn {

class SessionState {
public:
    // What a reset puts back.
    struct Progress {
        uint64_t steps = 0;
        double remainder_s = 0;             // of time that was asked for: less than a step, or what there was no time for
        bool dropping_time = false;         // the last advance() did; it is logged when it begins
        ExecutorCounters counted_before{};  // by the session whose state was restored
    };

    SessionState(OpenNetwork& open, SessionInputs& inputs, SessionVariables& variables, uint64_t seed)
        : open_(open), network_(open.network()), inputs_(inputs), variables_(variables), seed_(seed) {}

    Progress& progress() { return progress_; }
    const Progress& progress() const { return progress_; }
    uint64_t seed() const { return seed_; }
    SNNCounters counters() const;
    // Steps with the inputs that were set or bound.
    RunRequest next_request(uint32_t step_count) {
        open_.check_state();
        RunRequest request;
        request.first_step = progress_.steps;
        request.inputs = inputs_.frames();
        request.step_count = step_count;
        return request;
    }

    // --- (session_reset.cpp)
    void reset();
    // These samples alone; time goes on. All samples of a session with plasticity, whose synapses forget their traces.
    void reset_samples(std::span<const uint32_t> samples);
    // As TrainedSession's begin_run(), end_run() and fail_run().
    void begin_training_run(bool anew);
    void end_training_run(uint64_t steps_since_reset);
    void fail_training_run() noexcept;

    StateOutline outline();  // refers to the session
    SavedState save();
    // An error of the state leaves all as it was. One of memory or the device leaves a lost state, until a reset or another
    // restore, and perhaps the seed, parameters and weights that were to be restored. Bindings and callbacks stay
    // (session_restore.cpp).
    void restore(const SavedState& state);

private:
    class Reader;  // of restore()

    void check_can_be_saved() const;
    std::string document();
    bool has(const struct StateTensor& tensor) const;
    std::span<const std::byte> bytes_of(const struct StateTensor& tensor) const;
    const ProjectionHash& hash_of(uint32_t projection);
    // Of a model or rule of the network's, by its op list.
    const std::string& definition_hash(const std::string& json);

    OpenNetwork& open_;
    const Network& network_;
    SessionInputs& inputs_;
    SessionVariables& variables_;
    Progress progress_;
    uint64_t seed_;
    // Of the network's: per projection, and by the text of a definition. Made when they are needed.
    std::vector<std::optional<ProjectionHash>> hashes_;
    std::map<const std::string*, std::string> definition_hashes_;
};

}  // namespace snn
