// What the fuzzer of the C interface calls with: handles, and arguments that are mostly right.
#ifndef SNN_TESTS_FUZZ_API_VALUES_H
#define SNN_TESTS_FUZZ_API_VALUES_H

#include <snn/snn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "source.h"

namespace fuzz {

constexpr size_t scratch_size = 1 << 16;  // every array given to the library has room for this many values

// Handles that were given out, the dead ones too: those are worth calling with.
template <class Handle>
class Pool {
public:
    void add(Handle handle) { all_.push_back(handle); }
    Handle pick(Source& source) const {
        if (all_.empty() || source.chance(3))
            return source.chance(50) ? nullptr : reinterpret_cast<Handle>(source.bits());
        const size_t recent = std::min<size_t>(all_.size(), 4);
        if (source.chance(90)) return all_[all_.size() - 1 - source.below(static_cast<uint32_t>(recent))];
        return all_[source.below(static_cast<uint32_t>(all_.size()))];
    }
    const std::vector<Handle>& all() const { return all_; }

private:
    std::vector<Handle> all_;
};

class ApiValues {
protected:
    explicit ApiValues(Source& source) : source_(source) {}
    ~ApiValues() {
        for (SNNTrainer trainer : trainers_.all()) snn_trainer_release(trainer);
        for (SNNHandle session : sessions_.all()) snn_destroy_network(session);
        for (SNNNetwork network : networks_.all())
            while (snn_network_retain(network) == SNN_OK) {
                snn_network_release(network);
                snn_network_release(network);
            }
        for (SNNModel model : models_.all())
            while (snn_model_retain(model) == SNN_OK) {
                snn_model_release(model);
                snn_model_release(model);
            }
        std::remove(path());
    }

    static const char* path() { return "tmp_fuzz_api.snn"; }

    // What every call must keep to.
    static SNNStatus checked(SNNStatus status, const char* call) {
        if (status == SNN_OK) return status;
        const bool known = std::strcmp(snn_status_name(status), "SNN_UNKNOWN_STATUS") != 0;
        if (!known || status == SNN_ERROR_INTERNAL || snn_last_error()[0] == 0) {
            std::fprintf(stderr, "%s: status %d (%s), sentence \"%s\"\n", call, status, snn_status_name(status),
                         snn_last_error());
            std::abort();
        }
        return status;
    }
#define CHECKED(call) checked(call, #call)

    const float* floats(bool spikes = false) {
        for (size_t i = 0; i < 256; ++i)
            floats_[i] = spikes ? static_cast<float>(source_.below(2)) : static_cast<float>(source_.below(1000)) * 1e-3f;
        if (source_.chance(5)) floats_[source_.below(64)] = static_cast<float>(source_.number());
        return source_.chance(2) ? nullptr : floats_.data();
    }
    const double* doubles() {
        for (size_t i = 0; i < 64; ++i) doubles_[i] = source_.number();
        return source_.chance(2) ? nullptr : doubles_.data();
    }
    const char* name(std::initializer_list<const char*> likely) {
        if (source_.chance(92)) return source_.one_of<const char*>(likely);
        return source_.one_of<const char*>({nullptr, "", "a.b", "\xff\xfe", "in", "cells", "v", "weight", "....", "lif"});
    }
    template <class T>
    uint32_t struct_size() {
        return source_.chance(95) ? static_cast<uint32_t>(sizeof(T))
                                  : source_.one_of<uint32_t>({0, 3, 4, 8, sizeof(T) - 4, sizeof(T) + 4, UINT32_MAX});
    }
    uint32_t index(uint32_t count) {
        return source_.chance(93) ? source_.below(count ? count : 1) : source_.one_of<uint32_t>({count, 99, UINT32_MAX});
    }
    uint32_t population_count(SNNNetwork network) const {
        SNNNetworkInfo info{};
        info.struct_size = sizeof info;
        return snn_network_get_info(network, &info) == SNN_OK ? info.population_count : 2;
    }
    size_t size_of(SNNNetwork network, uint32_t population) const {
        SNNPopulationInfo info{};
        info.struct_size = sizeof info;
        return snn_network_get_population(network, population, &info) == SNN_OK ? info.size : 3;
    }
    const char* population_name(SNNNetwork network, uint32_t population) const {
        SNNPopulationInfo info{};
        info.struct_size = sizeof info;
        return snn_network_get_population(network, population, &info) == SNN_OK ? info.name : "nobody";
    }

    Source& source_;
    Pool<SNNModel> models_;
    Pool<SNNNetwork> networks_;
    Pool<SNNHandle> sessions_;
    Pool<SNNTrainer> trainers_;
    std::vector<float> floats_ = std::vector<float>(scratch_size), scratch_ = floats_, bound_ = floats_, records_ = floats_;
    std::vector<double> doubles_ = std::vector<double>(scratch_size);
    std::vector<int32_t> labels_ = std::vector<int32_t>(scratch_size);
    std::array<uint32_t, 16> words_{};
};

}  // namespace fuzz
#endif  // SNN_TESTS_FUZZ_API_VALUES_H
