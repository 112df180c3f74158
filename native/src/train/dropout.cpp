#include "train/dropout.h"

#include "common/error.h"
#include "common/random.h"

namespace snn {

void Dropout::set(uint32_t population, double probability, uint64_t seed) {
    const Population& dropped = network_.population(population);
    if (!(probability >= 0 && probability < 1))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "probability is ", probability, "; expected 0 to 1, without 1");
    if (dropped.is_input() || !dropped.is_binary())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", dropped.name, "' ",
                    dropped.is_input() ? "is an input" : "does not spike", "; dropout silences neurons that spike");
    for (const Projection& projection : network_.projections()) {
        if (projection.source != population || probability == 0) continue;
        const bool maximum = projection.kind == SNN_CONNECT_POOL2D && projection.pool_mode == SNN_POOL_MAX;
        if (projection.is_fixed() || maximum)
            throw Error(SNN_ERROR_UNSUPPORTED, "dropout of population '", dropped.name, "': projection '", projection.name,
                        "' ", maximum ? "is maximum pooling" : "sums in fixed point", "; what it delivers cannot be scaled");
    }
    if (probability == 0) settings_.erase(population);
    else settings_[population] = {probability, seed, std::vector<uint8_t>(size_t{batch_size_} * dropped.size)};
}

void Dropout::draw(uint64_t update) {
    constexpr uint32_t number = 4095;  // no draw of a model has this number
    masks_.clear();
    for (auto& [population, setting] : settings_) {
        const uint32_t size = network_.population(population).size;
        for (uint32_t sample = 0; sample < batch_size_; ++sample)
            for (uint32_t neuron = 0; neuron < size; ++neuron)
                setting.kept[size_t{sample} * size + neuron] =
                    draw_word({setting.seed, update, population, sample, neuron}, number) >= setting.probability * 0x1p32;
        masks_.push_back({population, setting.kept.data(), static_cast<float>(1.0 / (1.0 - setting.probability))});
    }
}

}  // namespace snn
