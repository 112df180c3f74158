// A plastic projection of the CPU backend by itself, at steps that no run of a test would reach.
#include <doctest/doctest.h>

#include <cmath>

#include "cpu/instruction_set.h"
#include "cpu/plastic_projection.h"
#include "small_networks.h"

using namespace snn;
using namespace snn::cpu;

namespace {

// One source onto one target, pairs of 0.01 with tau 20 ms at dt 1 ms.
struct OneSynapse {
    std::shared_ptr<const Plan> plan;
    ProgramCache programs;
    std::unique_ptr<PopulationData> source, target;
    std::unique_ptr<PlasticProjection> plastic;
    int32_t sums[16] = {};

    OneSynapse() {
        test::NetworkMaker maker;
        const uint32_t input = maker.spikes({1}), layer = maker.neurons({1}, "lif");
        test::Connection c{.kind = SNN_CONNECT_SPARSE, .source = input, .target = layer, .weights = {0.5f}};
        c.sparse = {{0, 1}, {0}, {}};
        maker.network().set_plasticity(maker.connect(c), builtin_plasticity("pair_stdp"));
        plan = maker.plan();
        const Network& network = *plan->network;
        const KernelTable& kernels = kernels_for(SNN_ISA_BEST);
        source = std::make_unique<PopulationData>(network.populations()[0], plan->populations[0], kernels, SNNAllocator{}, 1,
                                                  false, programs, 1);
        target = std::make_unique<PopulationData>(network.populations()[1], plan->populations[1], kernels, SNNAllocator{}, 1,
                                                  false, programs, 1);
        plastic = std::make_unique<PlasticProjection>(network.projections()[0], network, plan->plasticity[0],
                                                      std::vector<NeuronRange>{{0, 16}}, SNNAllocator{}, kernels, false);
    }
    void arrive(uint64_t clock) {
        const KernelTable& kernels = kernels_for(SNN_ISA_BEST);
        source->bits_at(clock, 0)[0] = 1;
        source->list_active(kernels, clock, 0);
        plastic->deliver(0, *source, *target, clock, sums);
    }
    void spike(uint64_t clock) {
        const uint16_t bits[1] = {1};
        plastic->learn(0, clock, bits);
    }
    double weight() {
        float weight = 0;
        plastic->read_weights(&weight);
        return static_cast<double>(weight);
    }
};

}  // namespace

TEST_CASE("steps are counted on when 31 bits are full") {
    constexpr uint64_t begin = uint64_t{1} << 32, far = begin + (uint64_t{1} << 30), further = far + (uint64_t{1} << 33);
    // Far apart, near each other across the place where counting begins anew, and far apart again.
    for (const uint64_t middle : {begin + 500, far - 7, far - 4, far, far + 1, further}) {
        INFO("step ", middle - begin);
        OneSynapse synapse;
        synapse.plastic->reset(begin);
        synapse.arrive(begin + 3);
        synapse.spike(begin + 5);  // exp(-2 / 20), learned long after
        synapse.arrive(middle);
        double expected = 0.5 + 0.01 * std::exp(-2.0 / 20);
        const double since = static_cast<double>(middle - (begin + 5));
        expected -= 0.0105 * std::exp(-since / 20);
        synapse.spike(middle + 6);  // after `middle`, by 6 steps, and long after the first arrival
        synapse.arrive(middle + 9);
        expected += 0.01 * (std::exp(-6.0 / 20) + std::exp(-(since + 8.0) / 20));
        expected -= 0.0105 * (std::exp(-3.0 / 20) + std::exp(-(since + 9.0) / 20));
        synapse.spike(further + 40);  // nothing is left of anything
        CHECK(std::abs(synapse.weight() - (middle == further ? expected + 0.01 * (std::exp(-40.0 / 20) + std::exp(-31.0 / 20))
                                                              : expected)) < 1e-6);
    }
}

TEST_CASE("a synapse onto neurons side by side takes 4 bytes, onto others 6") {
    for (const bool side_by_side : {true, false}) {
        test::NetworkMaker maker;
        const uint32_t sources = 100, targets = 2000;
        const uint32_t input = maker.spikes({sources}), layer = maker.neurons({targets}, "lif");
        test::Connection c{.kind = SNN_CONNECT_SPARSE, .source = input, .target = layer};
        for (uint32_t i = 0; i <= sources; ++i) c.sparse.row_offsets.push_back(uint64_t{i} * 1000);
        for (uint32_t k = 0; k < sources * 1000; ++k) c.sparse.targets.push_back((k % 1000) * (side_by_side ? 1 : 2));
        c.weights.assign(sources * 1000, 0.5f);
        maker.network().set_plasticity(maker.connect(c), builtin_plasticity("pair_stdp"));
        const auto plan = maker.plan();
        size_t bytes = 0;
        SNNAllocator counting{};
        counting.struct_size = sizeof counting;
        counting.user = &bytes;
        counting.allocate = [](void* user, size_t size, size_t alignment) -> void* {
            *static_cast<size_t*>(user) += size;
            return ::operator new(size, std::align_val_t{alignment});
        };
        counting.release = [](void*, void* memory, size_t) { ::operator delete(memory, std::align_val_t{64}); };
        const PlasticProjection plastic(plan->network->projections()[0], *plan->network, plan->plasticity[0],
                                        {{0, targets}}, counting, kernels_for(SNN_ISA_BEST), false);
        // Beside the synapses: 24 bytes for each row and 110 for each target.
        const size_t synapses = sources * size_t{1000} * (side_by_side ? 4 : 6), others = sources * 24 + targets * 110;
        CHECK(bytes >= synapses);
        CHECK(bytes <= synapses + others + 4096);
    }
}
