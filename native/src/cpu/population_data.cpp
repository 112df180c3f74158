#include "cpu/population_data.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

#include "common/error.h"
#include "common/math.h"

namespace snn::cpu {

namespace {

const CompiledModel* find_compiled(const KernelTable& kernels, const Model& model) {
    if (!model.built_in) return nullptr;
    for (uint32_t i = 0; i < kernels.model_count; ++i)
        if (model.name == kernels.models[i].name) return &kernels.models[i];
    return nullptr;
}

// For each constant, whether a step reads it. The others only went into derived constants. Means of draws are read from tables.
std::vector<uint8_t> constants_read(const Model& model) {
    std::vector<uint8_t> found(model.step.input_count, 0);
    const auto read = [&](uint32_t operand) {
        if (operand < found.size()) found[operand] = 1;
    };
    for (const Instruction& instruction : model.step.instructions) {
        if (instruction.op == Op::poisson) continue;
        const uint16_t operands[] = {instruction.a, instruction.b, instruction.c};
        for (uint32_t k = 0; k < operand_count(instruction.op); ++k) read(operands[k]);
    }
    for (const uint16_t result : model.step_states) read(result);
    return found;
}

}  // namespace

PopulationData::PopulationData(const Population& population, const PopulationPlan& population_plan,
                               const KernelTable& kernels, const SNNAllocator& allocator, uint32_t batch_size,
                               bool interpret, ProgramCache& io_programs, uint32_t steps_ahead)
    : info(population), plan(population_plan), batch(batch_size), size(population.size), row(padded(population.size)),
      words(row / 16) {
    if (has_activity()) {
        frame_count = std::bit_ceil(plan.history_depth + steps_ahead);
        const size_t rows = static_cast<size_t>(frame_count) * batch;
        bits.allocate(allocator, rows * words);
        lists.allocate(allocator, rows * row, false);
        counts.allocate(allocator, rows);
        if (is_value_input()) values.allocate(allocator, rows * row);
    }
    if (info.is_input()) return;

    const Model& model = *info.model;
    receptor_count = static_cast<uint32_t>(model.receptors.size());
    state_count = static_cast<uint32_t>(model.states.size());
    states.allocate(allocator, static_cast<size_t>(state_count) * batch * row);
    for (uint32_t r = 0; r < receptor_count; ++r)
        fixed_scales.push_back(plan.receptor_is_fixed[r] ? std::ldexp(1.0f, -plan.receptor_exponent[r]) : 0.0f);
    has_input.assign(receptor_count, 0);
    starts_at_projection.assign(receptor_count, 0);
    starts_at_integers.assign(receptor_count, 0);

    compiled = interpret ? nullptr : find_compiled(kernels, model);
    set_constants(plan, allocator);
    if (!compiled) step_program = io_programs.step(model, info.options, {});
    if (compiled && plan.tape.size() == model.tape.size()) taped_step = compiled->step_taped;
    if (!taped_step) taped_program = io_programs.step(model, info.options, plan.tape);
    if (model.differentiable && info.surrogate) {
        const Surrogate& chosen = *info.surrogate;
        const bool compiled_adjoint = compiled && compiled->adjoint && chosen.built_in && !plan.learning;
        if (!compiled_adjoint)
            adjoint_program = io_programs.adjoint(model, info.options, chosen, info.surrogate_parameters, plan.learning);
        surrogate.kind = chosen.built_in ? builtin_surrogate_index(chosen.name) : -1;
        for (size_t i = 0; chosen.built_in && i < info.surrogate_parameters.size() && i < 4; ++i)
            surrogate.parameters[i] = static_cast<float>(info.surrogate_parameters[i]);
    } else if (model.differentiable && !(compiled && compiled->adjoint && !plan.learning)) {
        adjoint_program = io_programs.adjoint(model, info.options, *builtin_surrogate("arctan"), {}, plan.learning);
    }
}

UpperHalves upper_halves(std::span<const uint32_t> limits) {
    UpperHalves halves;
    if (limits.size() > halves.size())
        throw Error(SNN_ERROR_INTERNAL, "a mean has ", limits.size(), " limits; there is room for ", halves.size());
    halves.fill(0xFFFF);
    std::transform(limits.begin(), limits.end(), halves.begin(), [](uint32_t limit) {
        return static_cast<uint16_t>(limit >> 16);
    });
    return halves;
}

void PopulationData::set_constants(const PopulationConstants& made, const SNNAllocator& allocator) {
    std::vector<Buffer<uint32_t>> constant_memory;
    std::vector<Buffer<int32_t>> poisson_memory;
    std::vector<const void*> pointers;
    std::vector<uint32_t> masks;
    std::vector<PoissonTable> tables;
    std::vector<UpperHalves> halves;
    halves.reserve(made.poisson.size());
    for (const Constant& constant : made.constants) {
        // One value is repeated over 16 lanes. Lanes behind the last neuron compute too; they get a valid neuron's value.
        const bool per_neuron = constant.per_neuron();
        Buffer<uint32_t>& memory = constant_memory.emplace_back();
        memory.allocate(allocator, per_neuron ? row : 16);
        for (uint32_t i = 0; i < memory.size(); ++i) {
            const uint32_t from = per_neuron ? std::min(i, size - 1) : 0;
            memory[i] = constant.type == ValueType::int_ ? static_cast<uint32_t>(constant.ints[from])
                                                         : std::bit_cast<uint32_t>(constant.floats[from]);
        }
        pointers.push_back(memory.data());
        masks.push_back(per_neuron ? 0xFFFFFFFFu : 0u);
    }
    for (const PoissonLimits& limits : made.poisson) {
        const uint32_t count = (limits.count + poisson_group - 1) / poisson_group * poisson_group;
        const uint32_t stride = limits.per_neuron ? row : 16;
        const size_t columns = limits.per_neuron ? size : 1;
        Buffer<int32_t>& memory = poisson_memory.emplace_back();
        memory.allocate(allocator, size_t{count} * stride);
        for (uint32_t k = 0; k < count; ++k)
            for (uint32_t i = 0; i < stride; ++i) {
                const size_t from = k * columns + std::min<size_t>(i, columns - 1);
                const uint32_t limit = k < limits.count ? limits.limits[from] : UINT32_MAX;
                memory[size_t{k} * stride + i] = std::bit_cast<int32_t>(limit ^ 0x80000000u);
            }
        if (!limits.per_neuron) halves.push_back(upper_halves(limits.limits));
        tables.push_back({memory.data(), count, stride, limits.per_neuron ? 0xFFFFFFFFu : 0u,
                          limits.per_neuron ? nullptr : halves.back().data()});
    }
    std::vector<std::vector<double>> initial = made.initial_states;
    constant_memory_.swap(constant_memory);
    poisson_memory_.swap(poisson_memory);
    poisson_halves_.swap(halves);
    constants.swap(pointers);
    constant_masks.swap(masks);
    poisson.swap(tables);
    initial_states.swap(initial);
    if (!compiled) return;
    find_training(made);
    const std::vector<uint8_t> is_read = constants_read(*info.model);
    all_shared_ = true;
    for (size_t c = 0; c < made.constants.size(); ++c)
        all_shared_ &= !(is_read[c] && made.constants[c].type == ValueType::float_ && made.constants[c].per_neuron());
    choose_step();
}

void PopulationData::choose_step() {
    if (!compiled) return;
    step = compiled->step;
    integer_step = nullptr;
    step_span = nullptr;
    list_resting = nullptr;
    for (uint32_t i = 0; i < compiled->specialised_count; ++i) {
        const SpecialisedStep& special = compiled->specialised[i];
        if (!std::equal(info.options.begin(), info.options.end(), special.choices)) continue;
        if (std::any_of(has_input.end() - special.without, has_input.end(), [](uint8_t has) { return has != 0; })) continue;
        step = all_shared_ ? special.shared_step : special.step;
        if (!all_shared_) continue;
        integer_step = special.integer_step;
        step_span = special.step_span;
        list_resting = special.list_resting;
    }
}

void PopulationData::find_training(const PopulationConstants& made) {
    fitting_training_ = nullptr;
    const auto fits = [&](const TrainingKernels& kernels) {
        if ((kernels.constants != nullptr) != plan.learning.has_value()) return false;
        for (size_t i = 0; i < info.options.size(); ++i)
            if (kernels.choices[i] >= 0 && kernels.choices[i] != info.options[i]) return false;
        for (const int32_t* place = kernels.zeros; *place >= 0; ++place) {
            const std::vector<int32_t>& ints = made.constants[static_cast<size_t>(*place)].ints;
            if (std::any_of(ints.begin(), ints.end(), [](int32_t value) { return value != 0; })) return false;
        }
        return true;
    };
    for (uint32_t i = 0; i < compiled->trained_count && !fitting_training_; ++i)
        if (fits(compiled->trained[i])) fitting_training_ = &compiled->trained[i];
}

void PopulationData::choose_training() {
    training = nullptr;
    if (!fitting_training_ || surrogate.kind < 0) return;
    bool at_zero = true;
    for (uint32_t s = 0; s < state_count; ++s)
        for (uint32_t sample = 0; info.model->states[s].type == ValueType::int_ && sample < batch; ++sample)
            for_state(s, sample, {0, row}, [&](const uint32_t* words_of_state, uint32_t begin, uint32_t end) {
                uint32_t all = 0;
                for (uint32_t i = 0; i < end - begin; ++i) all |= words_of_state[i];
                at_zero &= all == 0;
            });
    if (!at_zero) return;
    training = fitting_training_;
    training_places_.clear();
    for (const int32_t* place = training->tape; *place >= 0; ++place) training_places_.push_back(static_cast<uint32_t>(*place));
    training_constants_.clear();
    for (const int32_t* place = training->constants; place && *place >= 0; ++place) {
        const std::vector<uint32_t>& wanted = plan.learning->constants;
        const auto found = std::find(wanted.begin(), wanted.end(), static_cast<uint32_t>(*place));
        training_constants_.push_back(found == wanted.end() ? not_learned : static_cast<uint32_t>(found - wanted.begin()));
    }
}

uint32_t PopulationData::interpreter_words() const {
    uint32_t most = 0;
    for (const auto* program : {&step_program, &taped_program, &adjoint_program})
        if (*program) most = std::max(most, (*program)->scratch_words());
    return most;
}

void PopulationData::forget_activity() {
    bits.clear();
    counts.clear();
    range_counts.clear();
    values.clear();
}

void PopulationData::reset_states(uint32_t first_sample, uint32_t end_sample) {
    for (uint32_t s = 0; s < state_count; ++s) {
        const std::vector<double>& initial = (initial_states.empty() ? info.initial_states : initial_states)[s];
        const bool is_int = info.model->states[s].type == ValueType::int_;
        const auto word_of = [&](double value) {
            return is_int ? static_cast<uint32_t>(to_int_nearest_even(value))
                          : std::bit_cast<uint32_t>(flush(static_cast<float>(value)));
        };
        for (uint32_t sample = first_sample; sample < end_sample; ++sample) {
            for_state(s, sample, {0, row}, [&](uint32_t* out, uint32_t begin, uint32_t end) {
                if (initial.size() == 1) std::fill_n(out, end - begin, word_of(initial[0]));
                else
                    for (uint32_t i = begin; i < end; ++i) *out++ = word_of(initial[std::min(i, size - 1)]);
            });
        }
    }
}

void PopulationData::set_dropout(const DropoutMask& mask, const SNNAllocator& allocator) {
    if (kept.empty()) {
        kept.allocate(allocator, static_cast<size_t>(batch) * words);
        kept_values.allocate(allocator, row);
    }
    kept.clear();
    for (uint32_t sample = 0; sample < batch; ++sample)
        for (uint32_t i = 0; i < size; ++i)
            if (mask.kept[static_cast<size_t>(sample) * size + i])
                kept[static_cast<size_t>(sample) * words + i / 16] |= static_cast<uint16_t>(1u << i % 16);
    std::fill_n(kept_values.data(), row, mask.scale);
    drops = true;
}

void PopulationData::separate_states(const SNNAllocator& allocator) {
    size_t count = apart_words;
    state_blocks_.clear();
    for (const NeuronRange& range : ranges) {
        state_blocks_.push_back(count);
        count += static_cast<size_t>(state_count) * batch * (range.end - range.begin) + apart_words;
    }
    states.allocate(allocator, count);
}

void PopulationData::list_by_range(const SNNAllocator& allocator) {
    one_list = false;
    range_counts.allocate(allocator, static_cast<size_t>(frame_count) * batch * ranges.size());
}

void PopulationData::list_active(const KernelTable& kernels, uint64_t clock, uint32_t sample) {
    if (!one_list) {
        for (uint32_t range = 0; range < ranges.size(); ++range) list_range(kernels, clock, sample, range);
        return;
    }
    count_at(clock, sample) = kernels.list_bits(bits_at(clock, sample), words, 0, list_at(clock, sample));
}

void PopulationData::set_active(uint64_t clock, uint32_t sample, const uint32_t* list, uint32_t count) {
    uint16_t* const row_bits = bits_at(clock, sample);
    std::memset(row_bits, 0, words * sizeof(uint16_t));
    for (uint32_t k = 0; k < count; ++k)
        row_bits[list[k] / 16] = static_cast<uint16_t>(row_bits[list[k] / 16] | 1u << list[k] % 16);
    std::copy_n(list, count, list_at(clock, sample));
    count_at(clock, sample) = count;
}

void PopulationData::list_range(const KernelTable& kernels, uint64_t clock, uint32_t sample, uint32_t range) {
    const NeuronRange& part = ranges[range];
    const uint16_t* const row_bits = bits_at(clock, sample);
    range_counts[place(clock, sample) * ranges.size() + range] = kernels.list_bits(
        row_bits + part.begin / 16, (part.end - part.begin) / 16, part.begin, list_at(clock, sample) + part.begin);
}

}  // namespace snn::cpu
