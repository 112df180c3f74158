// The C interface: what is known of a session without opening one, its memory and the devices that it would run on.
#include "api/sessions.h"
#include "common/machine.h"
#include "network/plan.h"
#include "schedule/batch_executor.h"
#include "schedule/device_choice.h"
#include "schedule/memory.h"
#include "schedule/placement.h"
#include "schedule/together.h"

using namespace snn;
using namespace snn::api;

namespace {

struct Planned {
    std::shared_ptr<const Network> network;
    SessionOptions options;
};

Planned planned_session(SNNNetwork network, const SNNConfig* config) {
    const PinnedNetwork object = pin_network(network);
    Planned planned{nullptr, session_options(complete(config, snn_config_init, "config"))};
    if (planned.options.executor.thread_count == 0) planned.options.executor.thread_count = logical_processors();
    planned.network = object->finished();
    return planned;
}

// All that is told of a placement. It never changes, so any thread may read it.
struct PlacementObject {
    std::string device, reasons;
    std::vector<SNNPlacementSlice> slices;
    std::vector<uint32_t> samples;
    std::vector<double> step_s;
    uint32_t window_steps = 0;

    void add_reason(const std::string& sentence) { reasons += (reasons.empty() ? "" : "\n") + sentence; }
};

void share_samples(const Network& network, std::string_view device, const ExecutorOptions& options, PlacementObject& out) {
    Shares shares = make_shares(network, device, options);
    out.device = shares.device();
    out.step_s = expected_step_s(network, shares, options, measured_speeds(shares.devices, options));
    out.samples = std::move(shares.samples);
    for (uint32_t p = 0; p < network.populations().size(); ++p)
        for (uint32_t d = 0; d < out.samples.size(); ++d)
            if (out.samples[d] > 0) out.slices.push_back({p, 0, network.population(p).size, d});
}

// Among several devices, or all of them on one.
void share_populations(const Plan& plan, const std::string& device, const ExecutorOptions& options, PlacementObject& out) {
    const Network& network = *plan.network;
    std::optional<DeviceFigures> figures;
    Placement placement;
    if (names_several(device)) {
        check_not_to_train(device, options);
        placement = place(plan, device, options, figures);
        out.device = placement.device(network);
    } else {
        find_backend(device);
        placement.devices = {device};
        for (const Population& population : network.populations())
            placement.of_population.push_back({{{0, population.size}, 0}});
        out.device = device;
    }
    if (!figures) figures = figures_of(plan, placement.devices, options);
    out.step_s = expected_step_s(network, placement, options, *figures);
    out.samples.assign(placement.devices.size(), options.batch_size);
    out.window_steps = placement.window_steps;
    for (const std::string& sentence : reasons_of(network, placement, *figures)) out.add_reason(sentence);
    for (uint32_t p = 0; p < placement.of_population.size(); ++p)
        for (const Placed& placed : placement.of_population[p])
            out.slices.push_back({p, placed.neurons.first, placed.neurons.count, placed.device});
}

}  // namespace

extern "C" {

SNNStatus snn_network_memory(SNNNetwork network, const SNNConfig* config, SNNMemoryEstimate* out_estimate,
                             uint64_t* out_projection_bytes, size_t count) {
    return guarded([&] {
        auto [finished, options] = planned_session(network, config);
        if (automatic_device(options.device) != Automatic::no) options.device = assumed_device(options.executor.flags);
        if (out_projection_bytes && count != finished->projections().size())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "count is ", count, "; the network has ", finished->projections().size(),
                        " projections");
        if (!out_projection_bytes && count != 0)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_projection_bytes is null, but count is ", count);
        const Plan plan = make_plan(finished, options.executor.flags);
        const MemoryEstimate estimate = names_several(options.device)
                                            ? estimate_together(plan, options.device, options.executor)
                                            : estimate_memory(plan, options.device, options.executor);
        SNNMemoryEstimate result{};
        result.network_bytes = estimate.network_bytes;
        result.weight_bytes = estimate.weight_bytes;
        result.state_bytes = estimate.state_bytes;
        result.total_bytes = estimate.total();
        result.opening_bytes = estimate.new_bytes;
        answer(out_estimate, result, "out_estimate");
        if (out_projection_bytes)
            std::copy(estimate.projection_bytes.begin(), estimate.projection_bytes.end(), out_projection_bytes);
    });
}

SNNStatus snn_network_place(SNNNetwork network, const SNNConfig* config, SNNPlacement* out_placement) {
    return guarded([&] {
        auto [finished, options] = planned_session(network, config);
        required(out_placement, "out_placement");
        const auto placement = std::make_shared<PlacementObject>();
        if (const Automatic automatic = automatic_device(options.device); automatic != Automatic::no) {
            const DeviceChoice choice =
                choose_devices(*finished, options.executor, automatic == Automatic::low_power,
                               [&](const std::string& sentence) { placement->add_reason(sentence); })
                    .front();
            placement->add_reason(choice.reason);
            options.device = choice.device;
            if (choice.thread_count) options.executor.thread_count = choice.thread_count;
        }
        if (shares_samples(options.device)) share_samples(*finished, options.device, options.executor, *placement);
        else share_populations(make_plan(finished, options.executor.flags), options.device, options.executor, *placement);
        *out_placement = reinterpret_cast<SNNPlacement>(handle_table().insert(HandleType::placement, placement));
    });
}

SNNStatus snn_placement_get_info(SNNPlacement placement, SNNPlacementInfo* out_info) {
    return guarded([&] {
        const Pinned<PlacementObject> found(placement, HandleType::placement, "placement");
        SNNPlacementInfo info{};
        info.device_count = static_cast<uint32_t>(found->samples.size());
        info.slice_count = static_cast<uint32_t>(found->slices.size());
        info.window_steps = found->window_steps;
        info.device = found->device.c_str();
        info.reasons = found->reasons.c_str();
        info.slices = found->slices.data();
        info.samples = found->samples.data();
        info.step_s = found->step_s.data();
        answer(out_info, info, "out_info");
    });
}

void snn_placement_release(SNNPlacement placement) {
    handle_table().release(reinterpret_cast<uintptr_t>(placement), HandleType::placement);
}

}  // extern "C"
