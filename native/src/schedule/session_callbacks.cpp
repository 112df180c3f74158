// What a session tells the program: spikes, updates of weights, epochs, the log.
#include <algorithm>

#include "schedule/session.h"

namespace snn {

// A C++ host's callback may throw: reading must not stay allowed then.
Session::Calling::Calling(Session& session) : session_(session) {
    session.callback_thread_.store(this_thread(), std::memory_order_release);
}

Session::Calling::~Calling() { session_.callback_thread_.store(nullptr, std::memory_order_release); }

// With room for the spikes of every sample, so that no step allocates.
void Session::set_spike_callback(SpikeCallback callback, void* user) {
    uint32_t most = 0;
    for (const Population& population : network_->populations())
        if (callback && !population.is_input() && population.is_binary()) most = std::max(most, population.size);
    told_spikes_.reserve(most);
    spike_callback_ = callback;
    spike_user_ = user;
}

void Session::report_spikes() {
    const auto& populations = network_->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (populations[p].is_input() || !populations[p].is_binary()) continue;
        for (uint32_t sample = 0; sample < batch_size_; ++sample) {
            const std::span<const uint32_t> neurons = executor_->active(p, sample);
            if (neurons.empty()) continue;
            SNNSpikes spikes{sizeof spikes, p, sample, static_cast<uint32_t>(neurons.size()), neurons.data(), steps_done_ - 1};
            if (under_way_) {
                keep(spikes);
                continue;
            }
            told_spikes_.assign(neurons.begin(), neurons.end());
            spikes.neurons = told_spikes_.data();
            tell(spikes);
        }
    }
}

void Session::tell(const SNNSpikes& spikes) {
    if (!spike_callback_) return;
    const Calling calling(*this);
    spike_callback_(handle, &spikes, spike_user_);
}

// What steps in the background kept, on the thread that asks for them, in its order: first the log,
// then spikes. A callback may throw.
void Session::tell_kept() {
    struct Clearing {
        Session& it;
        ~Clearing() {
            it.kept_messages_.clear();
            it.kept_spikes_.clear();
            it.kept_neurons_.clear();
        }
    } clearing{*this};
    for (const auto& [level, message] : kept_messages_) {
        const Calling calling(*this);
        log(level, message.c_str());
    }
    for (const KeptSpikes& kept : kept_spikes_) {
        SNNSpikes spikes = kept.spikes;
        spikes.neurons = kept_neurons_.data() + kept.first;
        tell(spikes);
    }
}

void Session::tell(const SNNWeightUpdate& update) {
    if (!weight_callback_) return;
    const Calling calling(*this);
    weight_callback_(handle, &update, weight_user_);
}

void Session::tell(const SNNEpoch& epoch) {
    if (!epoch_callback_) return;
    const Calling calling(*this);
    epoch_callback_(handle, &epoch, epoch_user_);
}

void Session::warn(const std::string& sentence) const {
    log(SNN_LOG_WARNING, sentence.c_str());
}

// On the background's thread.
void Session::keep(const SNNSpikes& spikes) {
    kept_spikes_.push_back({spikes, kept_neurons_.size()});
    kept_neurons_.insert(kept_neurons_.end(), spikes.neurons, spikes.neurons + spikes.count);
}

void Session::log(int32_t level, const char* message) const {
    if (!log_) return;
    if (under_way_) kept_messages_.emplace_back(level, message);
    else log_(level, message, log_user_);
}

}  // namespace snn
