// Dropout: neurons that are silenced for a whole batch, drawn again for each batch.
//
// Thread-safety: one thread at a time, with its trainer.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "network/network.h"

namespace snn {

class Dropout {
public:
    Dropout(const Network& network, uint32_t batch_size) : network_(network), batch_size_(batch_size) {}

    // See snn_trainer_set_dropout.
    void set(uint32_t population, double probability, uint64_t seed);
    // Which neurons are silenced depends on the seed and the number of earlier updates only, so resumed training continues with
    // the same masks.
    void draw(uint64_t update);
    std::span<const DropoutMask> masks() const { return masks_; }  // of the last draw()

private:
    struct Setting {
        double probability;
        uint64_t seed;
        std::vector<uint8_t> kept;  // [batch][size]
    };

    const Network& network_;
    uint32_t batch_size_;
    std::map<uint32_t, Setting> settings_;  // by population
    std::vector<DropoutMask> masks_;
};

}  // namespace snn
