#include "schedule/device_speed.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>

#include "common/cache_file.h"
#include "common/error.h"
#include "common/json.h"
#include "common/machine.h"
#include "common/random.h"

namespace snn {

namespace {

constexpr double operations_a_synapse = 16;  // of a model's step, which compilers and shaders do many neurons at a time

double neuron_work(const Population& population) {
    return population.size * std::max(1.0, static_cast<double>(population.model->step.instructions.size()) / operations_a_synapse);
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

struct Measured {
    double step_s, work;
};

// The median over steps that are asked for one by one, as a game does.
Measured measure(const Device& device, const std::vector<uint32_t>& sizes) {
    using Clock = std::chrono::steady_clock;
    constexpr size_t most_steps = 200, least_steps = 5;
    constexpr auto time_to_spend = std::chrono::milliseconds(40);
    const std::shared_ptr<const Network> network = made_network(sizes);
    ExecutorOptions options;
    options.device = device_choice(device.info.name);
    const std::unique_ptr<Executor> executor = device.backend->open(std::make_shared<const Plan>(make_plan(network)), options);
    executor->reset_state();
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
    std::vector<double> seconds;
    const Clock::time_point begin = Clock::now();
    while (seconds.size() < most_steps && (seconds.size() < least_steps || Clock::now() - begin < time_to_spend)) {
        const Clock::time_point step_begin = Clock::now();
        step(least_steps + seconds.size());
        seconds.push_back(std::chrono::duration<double>(Clock::now() - step_begin).count());
    }
    const ExecutorCounters after = executor->counters();
    double work = static_cast<double>(after.synaptic_operations - before.synaptic_operations) / static_cast<double>(seconds.size());
    for (const Population& population : network->populations())
        if (!population.is_input()) work += neuron_work(population);
    std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
    return {seconds[seconds.size() / 2], work};
}

// ---- Keeping

constexpr const char* file_name = "device_speeds.json";

// An empty object where there is none that can be read.
Json read_file() {
    const std::string content = read_cache_file(file_name, size_t{1} << 18);
    if (content.empty()) return Json::object();
    try {
        Json document = parse_json(content, file_name);
        return document.is_object() ? document : Json::object();
    } catch (const Error&) {
        return Json::object();  // damaged: measured and written anew
    }
}

// Another number where the networks measured or the way they run are others.
constexpr int measurement = 2;

std::string key_of(const Device& device) {
    return text(device.info.name, " | ", device.info.description, " | ", device.driver(), " | ", processor_name(), " | ",
                SNN_VERSION_MAJOR, ".", SNN_VERSION_MINOR, ".", SNN_VERSION_PATCH, " | measurement ", measurement);
}

bool read_speed(const Json& document, const std::string& key, DeviceSpeed& out_speed) {
    if (!document.contains(key)) return false;
    try {
        const JsonObject entry(document.at(key), key);
        out_speed = {entry.number("small_step_s"), entry.number("large_step_s"), entry.number("small_work"), entry.number("large_work"), true};
    } catch (const Error&) {
        return false;
    }
    return out_speed.small_step_s > 0 && out_speed.large_step_s > 0 && out_speed.small_work > 0 &&
           out_speed.large_work > out_speed.small_work;
}

template <class Wanted>
std::vector<Device> devices_where(Wanted&& wanted) {
    std::vector<Device> devices;
    for (const Backend* const backend : backends()) {
        if (!wanted(*backend)) continue;
        const uint32_t count = backend->device_count ? backend->device_count() : 1;
        for (uint32_t index = 0; index < count; ++index) {
            devices.push_back({backend, index, {}});
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

Device find_device(std::string_view name) {
    std::string known;
    for (const Device& device : all_devices()) {
        const std::string_view full = device.info.name;
        if (name == full || (device.index == 0 && name == device.backend->name)) return device;
        known += (known.empty() ? "" : ", ") + std::string(full);
    }
    throw Error(SNN_ERROR_NOT_FOUND, "there is no device '", name, "'; there are: ", known);
}

DeviceSpeed device_speed(const Device& device) {
    static std::mutex mutex;
    static std::map<std::string, DeviceSpeed> known;
    const std::lock_guard<std::mutex> lock(mutex);  // measurements beside each other would disturb each other
    const std::string key = key_of(device);
    if (const auto found = known.find(key); found != known.end()) return found->second;
    Json document = read_file();
    DeviceSpeed speed;
    if (!read_speed(document, key, speed)) {
        const Measured small = measure(device, {128, 256, 256, 8}), large = measure(device, {1024, 2048, 1024});
        speed = {small.step_s, large.step_s, small.work, large.work, false};
        document[key] = {{"small_step_s", speed.small_step_s},
                         {"large_step_s", speed.large_step_s},
                         {"small_work", speed.small_work},
                         {"large_work", speed.large_work}};
        write_cache_file(file_name, document.dump(2));
    }
    DeviceSpeed kept = speed;
    kept.was_kept = true;
    known.emplace(key, kept);
    return speed;
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
