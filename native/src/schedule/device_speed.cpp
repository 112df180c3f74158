#include "schedule/device_speed.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
#include <utility>

#include "common/cache_file.h"
#include "common/error.h"
#include "common/json.h"
#include "common/machine.h"
#include "common/random.h"

namespace snn {

namespace {

constexpr double operations_a_synapse = 16;  // of a model's step, which compilers and shaders do many neurons at a time

double neuron_work(const Population& population) {
    return population.size *
           std::max(1.0, static_cast<double>(population.model->step.instructions.size()) / operations_a_synapse);
}

// ---- Measuring

// Layers of LIF neurons, densely connected so that some tenth of them spike: the variance of the input sum is near that of the
// threshold.
std::shared_ptr<const Network> made_network(const std::vector<uint32_t>& sizes) {
    auto network = std::make_shared<Network>(1.0);
    const std::shared_ptr<const Model> lif = builtin_model("lif");
    for (size_t layer = 0; layer < sizes.size(); ++layer) {
        const std::string name = text("layer_", layer);
        SNNPopulationDef population{};
        population.struct_size = sizeof population;
        population.kind = layer == 0 ? SNN_POPULATION_SPIKE_INPUT : SNN_POPULATION_NEURONS;
        population.name = name.c_str();
        population.shape = {1, {sizes[layer], 1, 1}};
        network->add_population(population, layer == 0 ? nullptr : lif);
        if (layer == 0) continue;
        std::vector<float> weights(size_t{sizes[layer - 1]} * sizes[layer]);
        const double bound = std::sqrt(3.0 / sizes[layer - 1]);
        random_fill(1, layer, SNN_RANDOM_UNIFORM, -bound, bound, weights.data(), weights.size());
        SNNProjectionDef projection = default_projection_def();
        projection.source = static_cast<uint32_t>(layer - 1);
        projection.target = static_cast<uint32_t>(layer);
        projection.weights = weights.data();
        projection.weight_count = weights.size();
        network->connect(projection);
    }
    network->finish();
    return network;
}

std::unique_ptr<Executor> opened(const Device& device, const std::shared_ptr<const Network>& network) {
    ExecutorOptions options;
    options.device = device_choice(device.info.name);
    options.vulkan_host = device.vulkan_host;
    std::unique_ptr<Executor> executor = device.backend->open(std::make_shared<const Plan>(make_plan(network)), options);
    executor->reset_state();
    return executor;
}

constexpr size_t least_steps = 5;

// The time that so large a part of what is done again and again, for 40 ms or 200 times, is not longer than.
template <class Act>
double quantile_s(double part, Act&& act) {
    using Clock = std::chrono::steady_clock;
    constexpr size_t most_times = 200;
    constexpr auto time_to_spend = std::chrono::milliseconds(40);
    std::vector<double> seconds;
    const Clock::time_point begin = Clock::now();
    while (seconds.size() < most_times && (seconds.size() < least_steps || Clock::now() - begin < time_to_spend)) {
        const Clock::time_point act_begin = Clock::now();
        act();
        seconds.push_back(std::chrono::duration<double>(Clock::now() - act_begin).count());
    }
    const auto at = static_cast<size_t>(part * static_cast<double>(seconds.size()));
    std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(at), seconds.end());
    return seconds[at];
}

struct Measured {
    double step_s, work;
};

// The median over steps that are asked for one by one, as a game does.
Measured measure(const Device& device, const std::vector<uint32_t>& sizes) {
    const std::shared_ptr<const Network> network = made_network(sizes);
    const std::unique_ptr<Executor> executor = opened(device, network);
    // A tenth of the inputs spike, others in each step.
    constexpr size_t frame_count = 16;
    std::vector<float> frames(frame_count * sizes[0]);
    random_fill(2, 0, SNN_RANDOM_UNIFORM, 0.0, 1.0, frames.data(), frames.size());
    for (float& value : frames) value = value < 0.1f ? 1.0f : 0.0f;
    const auto step = [&](size_t number) {
        const InputFrames input{0, frames.data() + number % frame_count * sizes[0], 0};
        RunRequest request;
        request.first_step = number;
        request.step_count = 1;
        request.inputs = {&input, 1};
        executor->run(request);
        executor->active(static_cast<uint32_t>(sizes.size() - 1), 0);  // the result is there
    };
    for (size_t i = 0; i < least_steps; ++i) step(i);
    const ExecutorCounters before = executor->counters();
    size_t number = least_steps;
    const double step_s = quantile_s(0.5, [&] { step(number++); });
    const ExecutorCounters after = executor->counters();
    double work =
        static_cast<double>(after.synaptic_operations - before.synaptic_operations) / static_cast<double>(number - least_steps);
    for (const Population& population : network->populations())
        if (!population.is_input()) work += neuron_work(population);
    return {step_s, work};
}

// ---- Measuring what spikes between devices cost

// A spike input, and as many neurons that spike when theirs does.
class Relay {
public:
    explicit Relay(const Device& device) {
        auto network = std::make_shared<Network>(1.0);
        for (const char* const name : {"in", "out"}) {
            SNNPopulationDef population{};
            population.struct_size = sizeof population;
            population.kind = name[0] == 'i' ? SNN_POPULATION_SPIKE_INPUT : SNN_POPULATION_NEURONS;
            population.name = name;
            population.shape = {1, {neurons, 1, 1}};
            network->add_population(population, name[0] == 'i' ? nullptr : builtin_model("lif"));
        }
        const std::vector<float> weights(neurons, 100.0f);
        SNNProjectionDef projection = default_projection_def();
        projection.kind = SNN_CONNECT_ONE_TO_ONE;
        projection.source = 0;
        projection.target = 1;
        projection.weights = weights.data();
        projection.weight_count = weights.size();
        network->connect(projection);
        network->finish();
        executor_ = opened(device, network);
    }

    // The time of a window in which so many neurons spike in every step; none: nothing is given or taken. That of the fastest
    // tenth, since it is differences that count.
    double window_s(uint32_t spikes) {
        std::vector<float> frames(size_t{window} * neurons, 0.0f);
        std::vector<uint32_t> listed, offsets(window + 1, 0), steps(size_t{window} * neurons), told(steps.size());
        for (uint32_t step = 0; step < window; ++step) {
            for (uint32_t i = 0; i < spikes; ++i) {
                listed.push_back(i * (neurons / spikes) + step % 2);  // others in each step: a neuron may have to rest
                frames[size_t{step} * neurons + listed.back()] = 1.0f;
            }
            offsets[step + 1] = static_cast<uint32_t>(listed.size());
        }
        return quantile_s(0.1, [&] {
            InputFrames input{0, frames.data(), spikes > 0 ? neurons : 0};
            if (spikes > 0 && executor_->takes_spike_lists()) {
                input.neurons = listed.data();
                input.offsets = offsets.data();
            }
            EventRecord events{1, 0, steps.data(), told.data(), nullptr, 0};
            RunRequest request;
            request.first_step = std::exchange(step_, step_ + window);
            request.step_count = window;
            request.inputs = {&input, 1};
            if (spikes > 0) request.events = {&events, 1};
            executor_->run(request);
            if (spikes == 0) executor_->active(1, 0);
        });
    }

    static constexpr uint32_t neurons = 1024, window = 8;

private:
    std::unique_ptr<Executor> executor_;
    uint64_t step_ = 0;
};

void measure_exchange(const Device& device, DeviceSpeed& out_speed) {
    constexpr uint32_t few = 8, many = 256;
    Relay relay(device);
    const double without = relay.window_s(0), with_few = relay.window_s(few), with_many = relay.window_s(many);
    out_speed.spike_s = std::max(0.0, with_many - with_few) / (Relay::window * (many - few));
    out_speed.exchange_s = std::max(0.0, with_few - without - Relay::window * few * out_speed.spike_s);
}

// ---- Keeping

constexpr const char* file_name = "device_speeds.json";

// An empty object where there is none that can be read.
JsonDocument read_file() {
    JsonDocument document;
    try {
        document = parse_json(read_cache_file(file_name, size_t{1} << 18), file_name);
    } catch (const Error&) {  // none yet, or damaged: measured and written anew
    }
    if (!document.root.is_object()) document.root = Json::object();
    return document;
}

// Another number where the networks measured or the way they run are others.
constexpr int measurement = 3;

std::string key_of(const Device& device) {
    return text(device.info.name, " | ", device.info.description, " | ", device.driver(), " | ", processor_name(), " | ",
                SNN_VERSION_MAJOR, ".", SNN_VERSION_MINOR, ".", SNN_VERSION_PATCH, " | measurement ", measurement);
}

bool read_speed(const Json& document, const std::string& key, DeviceSpeed& out_speed) {
    if (!document.contains(key)) return false;
    try {
        const JsonObject entry(document.at(key), key);
        out_speed = {entry.number("small_step_s"),
                     entry.number("large_step_s"),
                     entry.number("small_work"),
                     entry.number("large_work"),
                     entry.number("exchange_s"),
                     entry.number("spike_s"),
                     true};
    } catch (const Error&) {
        return false;
    }
    return out_speed.small_step_s > 0 && out_speed.large_step_s > 0 && out_speed.small_work > 0 &&
           out_speed.large_work > out_speed.small_work && out_speed.exchange_s >= 0 && out_speed.spike_s >= 0;
}

template <class Wanted>
std::vector<Device> devices_where(Wanted&& wanted) {
    std::vector<Device> devices;
    for (const Backend* const backend : backends()) {
        if (!wanted(*backend)) continue;
        const uint32_t count = backend->device_count ? backend->device_count() : 1;
        for (uint32_t index = 0; index < count; ++index) {
            devices.push_back({backend, index, {}, nullptr});
            backend->describe(index, devices.back().info);
        }
    }
    return devices;
}

}  // namespace

std::vector<Device> all_devices() {
    return devices_where([](const Backend&) { return true; });
}

std::vector<Device> automatic_devices(bool low_power) {
    return devices_where([&](const Backend& backend) { return backend.is_automatic || (low_power && backend.saves_power); });
}

// Backends that are not asked for are left alone: some open a driver to tell their devices.
Device find_device(std::string_view name) {
    const std::string_view kind = name.substr(0, name.find(':'));
    for (const Device& device : devices_where([&](const Backend& backend) { return kind == backend.name; }))
        if (name == device.info.name || (device.index == 0 && name == kind)) return device;
    std::string known;
    for (const Device& device : all_devices()) add_item(known, device.info.name);
    for (const Backend* const backend : backends())
        if (kind == backend->name && backend->tell_absence) backend->tell_absence();
    throw Error(SNN_ERROR_NOT_FOUND, "there is no device '", name, "'; there are: ", known);
}

Device device_of_host(const Backend& backend, const SNNVulkanHost& host) {
    Device device{&backend, 0, {}, &host};
    backend.describe_host(host, device.info);
    return device;
}

DeviceSpeed device_speed(const Device& device) {
    static std::mutex mutex;
    static std::map<std::string, DeviceSpeed> known;
    std::unique_lock<std::mutex> lock(mutex);  // measurements beside each other would disturb each other
    const std::string key = key_of(device);
    if (const auto found = known.find(key); found != known.end()) return found->second;
    JsonDocument file = read_file();
    Json& document = file.root;
    DeviceSpeed speed;
    if (!read_speed(document, key, speed)) {
        if (device.vulkan_host) lock.unlock();  // a host takes its own lock, or waits for a thread that may want this one
        const Measured small = measure(device, {128, 256, 256, 8}), large = measure(device, {1024, 2048, 1024});
        speed = {small.step_s, large.step_s, small.work, large.work, 0, 0, false};
        measure_exchange(device, speed);
        if (device.vulkan_host) {
            lock.lock();
            file = read_file();
        }
        document[key] = {{"small_step_s", speed.small_step_s},
                         {"large_step_s", speed.large_step_s},
                         {"small_work", speed.small_work},
                         {"large_work", speed.large_work},
                         {"exchange_s", speed.exchange_s},
                         {"spike_s", speed.spike_s}};
        write_cache_file(file_name, document.dump(2));
    }
    DeviceSpeed kept = speed;
    kept.was_kept = true;
    known.emplace(key, kept);
    return speed;
}

DeviceSpeed slower(const DeviceSpeed& speed, double slowness) {
    DeviceSpeed result = speed;
    for (double* const seconds : {&result.small_step_s, &result.large_step_s, &result.exchange_s, &result.spike_s})
        *seconds *= slowness;
    return result;
}

std::vector<double> population_work(const Network& network, uint32_t batch_size, double activity) {
    std::vector<double> work;
    for (const Population& population : network.populations())
        work.push_back(population.is_input() ? 0.0 : batch_size * neuron_work(population));
    for (const Projection& projection : network.projections())
        work[projection.target] += static_cast<double>(synapse_count(network, projection)) * batch_size *
                                   (network.population(projection.source).is_binary() ? activity : 1.0);
    return work;
}

double step_work(const Network& network, uint32_t batch_size, double activity) {
    const std::vector<double> work = population_work(network, batch_size, activity);
    return std::accumulate(work.begin(), work.end(), 0.0);
}

}  // namespace snn
