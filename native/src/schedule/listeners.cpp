#include "schedule/listeners.h"

#include <algorithm>

#include "network/network.h"

namespace snn {

// With room for the spikes of every sample, so that no step allocates.
void Listeners::set_spike_callback(SpikeCallback callback, void* user, const Network& network) {
    uint32_t most = 0;
    for (const Population& population : network.populations())
        if (callback && !population.is_input() && population.is_binary()) most = std::max(most, population.size);
    told_spikes_.reserve(most);
    spike_callback_ = callback;
    spike_user_ = user;
}

void Listeners::tell_spikes(const Network& network, uint32_t batch_size, Executor& executor, uint64_t step) {
    const auto& populations = network.populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (populations[p].is_input() || !populations[p].is_binary()) continue;
        for (uint32_t sample = 0; sample < batch_size; ++sample) {
            const std::span<const uint32_t> neurons = executor.active(p, sample);
            if (neurons.empty()) continue;
            SNNSpikes spikes{sizeof spikes, p, sample, static_cast<uint32_t>(neurons.size()), neurons.data(), step};
            if (gate_.under_way()) {
                keep(spikes);
                continue;
            }
            told_spikes_.assign(neurons.begin(), neurons.end());
            spikes.neurons = told_spikes_.data();
            tell(spikes);
        }
    }
}

void Listeners::tell(const SNNSpikes& spikes) {
    if (!spike_callback_) return;
    const SessionGate::Calling calling(gate_);
    spike_callback_(handle, &spikes, spike_user_);
}

// On the thread that asks for them, in its order: first the log, then spikes. A callback may throw.
void Listeners::tell_kept() {
    struct Clearing {
        Listeners& it;
        ~Clearing() {
            it.kept_messages_.clear();
            it.kept_spikes_.clear();
            it.kept_neurons_.clear();
        }
    } clearing{*this};
    for (const auto& [level, message] : kept_messages_) {
        const SessionGate::Calling calling(gate_);
        log(level, message.c_str());
    }
    for (const KeptSpikes& kept : kept_spikes_) {
        SNNSpikes spikes = kept.spikes;
        spikes.neurons = kept_neurons_.data() + kept.first;
        tell(spikes);
    }
}

void Listeners::tell(const SNNWeightUpdate& update) {
    if (!weight_callback_) return;
    const SessionGate::Calling calling(gate_);
    weight_callback_(handle, &update, weight_user_);
}

void Listeners::tell(const SNNEpoch& epoch) {
    if (!epoch_callback_) return;
    const SessionGate::Calling calling(gate_);
    epoch_callback_(handle, &epoch, epoch_user_);
}

// On the background's thread.
void Listeners::keep(const SNNSpikes& spikes) {
    kept_spikes_.push_back({spikes, kept_neurons_.size()});
    kept_neurons_.insert(kept_neurons_.end(), spikes.neurons, spikes.neurons + spikes.count);
}

void Listeners::log(int32_t level, const char* message) {
    if (!log_) return;
    if (gate_.under_way()) kept_messages_.emplace_back(level, message);
    else log_(level, message, log_user_);
}

}  // namespace snn
