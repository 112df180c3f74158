#include "cpu_runs.h"

#include <algorithm>
#include <thread>

#include "backend/trainable.h"
#include "common/error.h"
#include "cpu/executor.h"
#include "cpu/instruction_set.h"
#include "cpu/kernel_table.h"
#include "small_networks.h"

namespace snn::test {

std::string CpuVariant::name() const {
    constexpr const char* sets[] = {"best", "scalar", "avx2", "avx512", "neon"};
    return text(sets[instruction_set], ", ", threads, " threads", flags & SNN_FLAG_INTERPRET_MODELS ? ", interpreted" : "",
                job_system ? ", job system" : "");
}

namespace {

// A host's job system that runs tasks backwards, each on a thread of its own.
void SNN_CALL run_backwards(void*, uint32_t count, void(SNN_CALL* task)(void*, uint32_t), void* context) {
    std::vector<std::thread> threads;
    for (uint32_t i = count; i-- > 0;) threads.emplace_back([=] { task(context, i); });
    for (std::thread& thread : threads) thread.join();
}

std::unique_ptr<Executor> open(const CpuCase& test_case, const char* backend, const CpuVariant& variant) {
    ExecutorOptions options;
    options.batch_size = test_case.batch;
    options.thread_count = variant.threads;
    options.instruction_set = variant.instruction_set;
    options.flags = variant.flags;
    if (variant.job_system) options.job_system = {sizeof(SNNJobSystem), variant.threads, run_backwards, nullptr};
    auto executor = find_backend(backend).open(test_case.plan, options);
    executor->reset_state();
    return executor;
}

struct Bound {
    std::vector<std::vector<float>> data;
    std::vector<InputFrames> frames;
};

Bound bind_inputs(const CpuCase& test_case) {
    Bound bound;
    bound.data = case_inputs(test_case);
    const auto& populations = test_case.plan->network->populations();
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (populations[p].is_input())
            bound.frames.push_back({p, bound.data[bound.frames.size()].data(), size_t{test_case.batch} * populations[p].size});
    return bound;
}

// Appends everything that a session can read.
void read_variables(const CpuCase& test_case, const Executor& executor, std::vector<float>& io_seen) {
    const auto read = [&](const Slot& slot) {
        std::vector<float> values(executor.count(slot));
        executor.read(slot, DType::float32, values.data());
        io_seen.insert(io_seen.end(), values.begin(), values.end());
    };
    const auto& populations = test_case.plan->network->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        for (uint32_t s = 0; populations[p].model && s < populations[p].model->states.size(); ++s) read({Slot::state, p, s});
        if (!populations[p].is_input() && !populations[p].is_binary()) continue;
        read({Slot::activity, p});
        read({Slot::history, p});
        for (uint32_t sample = 0; sample < test_case.batch; ++sample)
            for (const uint32_t neuron : executor.active(p, sample)) io_seen.push_back(static_cast<float>(neuron));
    }
    const auto& projections = test_case.plan->network->projections();
    for (uint32_t q = 0; q < projections.size(); ++q)
        if (projections[q].plasticity) read({Slot::weight, q});
}

}  // namespace

std::vector<float> observe(const CpuCase& test_case, const char* backend, const CpuVariant& variant) {
    const auto executor = open(test_case, backend, variant);
    Bound bound = bind_inputs(test_case);
    if (variant.held)
        for (InputFrames& frames : bound.frames) frames.step_stride = 0;
    const auto& populations = test_case.plan->network->populations();
    std::vector<std::vector<float>> recorded;
    std::vector<RecordFrames> records;
    const auto record = [&](RecordFrames::Kind kind, uint32_t population, uint32_t state, bool summed) {
        const size_t frame = size_t{test_case.batch} * populations[population].size;
        recorded.emplace_back(summed ? frame : frame * test_case.steps, 0.0f);
        records.push_back({kind, population, state, DType::float32, nullptr, summed ? 0 : frame});
    };
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (populations[p].is_input() || populations[p].is_binary()) {
            record(RecordFrames::activity, p, 0, false);
            record(RecordFrames::activity_sum, p, 0, true);
        }
        for (uint32_t s = 0; populations[p].model && s < populations[p].model->states.size(); ++s)
            record(RecordFrames::state, p, s, false);
    }
    for (size_t i = 0; i < records.size(); ++i) records[i].data = recorded[i].data();
    RunRequest request;
    request.step_count = test_case.steps;
    request.inputs = bound.frames;
    request.records = records;
    request.tape = variant.taped;
    executor->run(request);

    std::vector<float> seen;
    for (const auto& values : recorded) seen.insert(seen.end(), values.begin(), values.end());
    read_variables(test_case, *executor, seen);
    const ExecutorCounters counters = executor->counters();
    for (const uint64_t count : {counters.steps, counters.spikes, counters.input_spikes, counters.synaptic_events,
                                 counters.synaptic_operations})
        for (const uint32_t shift : {0u, 24u}) seen.push_back(static_cast<float>(count >> shift & 0xffffff));  // exactly
    return seen;
}

std::vector<float> observe_end(const CpuCase& test_case, const char* backend, const CpuVariant& variant, uint32_t piece,
                               uint64_t* out_without_resting) {
    const auto executor = open(test_case, backend, variant);
    RunRequest request;
    for (; request.first_step < test_case.steps; request.first_step += request.step_count) {
        request.step_count = std::min(piece, test_case.steps - static_cast<uint32_t>(request.first_step));
        executor->run(request);
    }
    std::vector<float> seen;
    read_variables(test_case, *executor, seen);
    const ExecutorCounters counters = executor->counters();
    for (const uint64_t count : {counters.steps, counters.spikes, counters.synaptic_events})
        seen.push_back(static_cast<float>(count));
    if (out_without_resting) *out_without_resting = dynamic_cast<cpu::CpuExecutor&>(*executor).steps_without_resting();
    return seen;
}

ExecutorCounters counted(const CpuCase& test_case, const char* backend, const CpuVariant& variant) {
    const auto executor = open(test_case, backend, variant);
    Bound bound = bind_inputs(test_case);
    RunRequest request;
    request.step_count = test_case.steps;
    request.inputs = bound.frames;
    request.tape = variant.taped;
    executor->run(request);
    request.tape = false;
    for (InputFrames& frames : bound.frames) frames.step_stride = 0;
    request.first_step = request.step_count;
    executor->run(request);
    return executor->counters();
}

std::vector<uint32_t> events(const CpuCase& test_case, const char* backend, const CpuVariant& variant, uint32_t piece) {
    const auto executor = open(test_case, backend, variant);
    Bound bound = bind_inputs(test_case);
    struct Arrays {
        std::vector<uint32_t> steps, neurons, samples;
    };
    std::vector<Arrays> arrays;
    std::vector<EventRecord> records;
    const auto& populations = test_case.plan->network->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (!populations[p].is_binary()) continue;
        const std::vector<uint32_t> room(size_t{test_case.steps} * test_case.batch * populations[p].size, UINT32_MAX);
        arrays.push_back({room, room, room});
        records.push_back({p, 0, nullptr, nullptr, nullptr, 0});
    }
    for (size_t i = 0; i < records.size(); ++i) {
        records[i].steps = arrays[i].steps.data();
        records[i].neurons = arrays[i].neurons.data();
        records[i].samples = arrays[i].samples.data();
    }
    for (uint32_t done = 0; done < test_case.steps; done += piece) {
        RunRequest request;
        request.first_step = done;
        request.step_count = std::min(piece, test_case.steps - done);
        request.inputs = bound.frames;
        request.events = records;
        for (EventRecord& record : records) record.first_step = done;
        executor->run(request);
        for (InputFrames& frames : bound.frames) frames.data += request.step_count * frames.step_stride;
        // A run without events in between: nothing may be added.
        request.step_count = 0;
        request.events = {};
        executor->run(request);
    }
    std::vector<uint32_t> seen;
    for (size_t i = 0; i < records.size(); ++i)
        for (size_t k = 0; k < records[i].count; ++k)
            seen.insert(seen.end(),
                        {records[i].population, arrays[i].steps[k], arrays[i].samples[k], arrays[i].neurons[k]});
    return seen;
}

std::vector<uint32_t> events_of_activity(const CpuCase& test_case, const char* backend) {
    const auto executor = open(test_case, backend, {});
    const Bound bound = bind_inputs(test_case);
    std::vector<std::vector<uint8_t>> activities;
    std::vector<RecordFrames> records;
    const auto& populations = test_case.plan->network->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (!populations[p].is_binary()) continue;
        const size_t frame = size_t{test_case.batch} * populations[p].size;
        activities.emplace_back(test_case.steps * frame);
        records.push_back({RecordFrames::activity, p, 0, DType::uint8, activities.back().data(), frame});
    }
    RunRequest request;
    request.step_count = test_case.steps;
    request.inputs = bound.frames;
    request.records = records;
    executor->run(request);
    std::vector<uint32_t> seen;
    for (size_t i = 0; i < records.size(); ++i) {
        const uint32_t size = populations[records[i].population].size;
        for (size_t k = 0; k < activities[i].size(); ++k)
            if (activities[i][k])
                seen.insert(seen.end(), {records[i].population, static_cast<uint32_t>(k / size / test_case.batch),
                                         static_cast<uint32_t>(k / size % test_case.batch), static_cast<uint32_t>(k % size)});
    }
    return seen;
}

std::vector<float> gradients(const CpuCase& test_case, const char* backend, const CpuVariant& variant) {
    const auto executor = open(test_case, backend, variant);
    const Bound bound = bind_inputs(test_case);
    RunRequest request;
    request.step_count = test_case.steps;
    request.inputs = bound.frames;
    request.tape = true;
    executor->run(request);

    const Population& output = test_case.plan->network->population(test_case.loss_population);
    const size_t frame = size_t{test_case.batch} * output.size;
    Numbers numbers(5);
    const std::vector<float> by_step = numbers.list(frame * test_case.steps, -1, 1);
    std::vector<double> held;
    for (const float value : numbers.list(frame, -1, 1)) held.push_back(value);
    std::vector<OutputGradient> outputs{
        {OutputGradient::state, test_case.loss_population, output.model->membrane_state, DType::float32, by_step.data(),
         frame}};
    if (output.is_binary())
        outputs.push_back({OutputGradient::activity, test_case.loss_population, 0, DType::float64, held.data(), 0});
    executor->trainable()->backward(outputs, {});

    std::vector<float> seen;
    const auto& projections = test_case.plan->network->projections();
    for (uint32_t q = 0; q < projections.size(); ++q) {
        if (!projections[q].trainable) continue;
        for (const Slot::Kind kind : {Slot::weight_gradient, Slot::bias_gradient}) {
            std::vector<float> values(executor->count({kind, q}));
            executor->read({kind, q}, DType::float32, values.data());
            seen.insert(seen.end(), values.begin(), values.end());
        }
    }
    return seen;
}

double mean_rate(const CpuCase& test_case, uint32_t population) {
    const auto executor = open(test_case, "cpu", {});
    const Bound bound = bind_inputs(test_case);
    const size_t frame = size_t{test_case.batch} * test_case.plan->network->population(population).size;
    std::vector<double> counts(frame, 0.0);
    const RecordFrames record{RecordFrames::activity_sum, population, 0, DType::float64, counts.data(), 0};
    RunRequest request;
    request.step_count = test_case.steps;
    request.inputs = bound.frames;
    request.records = {&record, 1};
    executor->run(request);
    double sum = 0;
    for (const double count : counts) sum += count;
    return sum / static_cast<double>(frame * test_case.steps);
}

std::vector<float> weights_after(const CpuCase& test_case, uint32_t projection) {
    const auto executor = open(test_case, "cpu", {});
    const Bound bound = bind_inputs(test_case);
    RunRequest request;
    request.step_count = test_case.steps;
    request.inputs = bound.frames;
    executor->run(request);
    std::vector<float> weights(executor->count({Slot::weight, projection}));
    executor->read({Slot::weight, projection}, DType::float32, weights.data());
    return weights;
}

std::vector<uint32_t> machine_instruction_sets() {
    std::vector<uint32_t> sets{SNN_ISA_SCALAR};
    const std::string names = cpu::supported_instruction_sets();
    if (names.find("avx2") != std::string::npos) sets.push_back(SNN_ISA_AVX2);
    if (names.find("avx512") != std::string::npos) sets.push_back(SNN_ISA_AVX512);
    if (names.find("neon") != std::string::npos) sets.push_back(SNN_ISA_NEON);
    return sets;
}

bool is_large(const CpuCase& test_case) {
    uint64_t neurons = 0, learning = 0;
    for (const Population& population : test_case.plan->network->populations()) neurons += population.size;
    for (const Projection& projection : test_case.plan->network->projections())
        if (projection.plasticity) learning += projection.weight_count();
    return neurons >= 1000 || (only_memory && learning * test_case.steps >= 5'000'000);
}

const char* oracle(const CpuCase& test_case) {
    return only_threads || (only_memory && is_large(test_case)) ? "cpu" : "reference";
}

}  // namespace snn::test
