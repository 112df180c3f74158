// Variables of a network on several devices: of populations and projections that are cut, each device has a piece.
#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"
#include "schedule/split_executor.h"

namespace snn {

void SplitExecutor::set_constants(uint32_t population, const PopulationConstants& constants) {
    for (const Piece& piece : pieces_of_[population])
        on_device(*running_[piece.part], [&](Executor& executor) {
            executor.set_constants(piece.index, is_cut(population) ? slice_of(constants, piece.neurons) : constants);
        });
}

void SplitExecutor::set_seed(uint64_t seed) {
    for (const auto& running : running_) on_device(*running, [&](Executor& executor) { executor.set_seed(seed); });
}

void SplitExecutor::set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) {
    for (const Piece& piece : projection_pieces_[projection]) {
        const Running& running = *running_[piece.part];
        auto own = std::make_shared<PlasticityPlan>(*plan);
        own->delays = running.part.plan->plasticity[piece.index]->delays;
        on_device(running, [&](Executor& executor) { executor.set_plasticity(piece.index, std::move(own)); });
    }
}

void SplitExecutor::signal(uint32_t projection, float value) {
    for (const Piece& piece : projection_pieces_[projection])
        on_device(*running_[piece.part], [&](Executor& executor) { executor.signal(piece.index, value); });
}

const SplitExecutor::Pieces& SplitExecutor::pieces_of(const Slot& slot) const {
    const bool of_population = slot.kind == Slot::state || slot.kind == Slot::activity || slot.kind == Slot::history;
    return (of_population ? pieces_of_ : projection_pieces_)[slot.index];
}

namespace {

bool is_of_sources(Slot::Kind kind) { return kind == Slot::pre_traces || kind == Slot::pre_age; }

// Traces, or their ages, at which nothing has happened.
void fill_without_events(Slot::Kind kind, DType dtype, void* out_data, size_t values) {
    const std::vector<int32_t> same(values, is_age(kind) ? oldest_event : 0);
    convert(DType::int32, same.data(), dtype, out_data, values);
}

}  // namespace

// Calls use(piece, place in the slot, place in the piece's own slot, how many values lie together there) for all of the slot's
// values. Of traces of sources a piece has those of rows that have a synapse there.
template <class Use>
void SplitExecutor::for_values_of(const Slot& slot, Use&& use) const {
    const Pieces& pieces = pieces_of(slot);
    const bool of_population = &pieces == &pieces_of_[slot.index];
    const Projection* const projection = of_population ? nullptr : &plan_->network->projection(slot.index);
    const bool by_synapse = projection && projection->synapses && slot.kind != Slot::bias && slot.kind != Slot::post_traces &&
                            slot.kind != Slot::post_age;
    const size_t row_size = by_synapse ? projection->weight_count()
                                       : size_of_population(of_population ? slot.index : projection->target);
    const size_t rows = row_size == 0 ? 0 : count(slot) / row_size;
    if (!by_synapse) {
        for (size_t row = 0; row < rows; ++row)
            for (size_t k = 0; k < pieces.size(); ++k)
                use(k, row * row_size + pieces[k].neurons.first, row * pieces[k].neurons.count, pieces[k].neurons.count);
        return;
    }
    const uint32_t sources = size_of_population(projection->source);
    const auto for_synapses = [&](auto&& see) {
        CanonicalRow synapses;
        projection->synapses->for_rows([&](uint32_t source, const SynapseRow& row) {
            synapses.assign(row);
            for (size_t i = 0; i < synapses.targets.size(); ++i) {
                size_t k = 0;
                while (synapses.targets[i] - pieces[k].neurons.first >= pieces[k].neurons.count) ++k;
                see(k, source, synapses.delays.empty() ? uint16_t{0} : synapses.delays[i]);
            }
        });
    };
    if (is_of_sources(slot.kind)) {
        const PlasticityPlan& plasticity = *plan_->plasticity[slot.index];
        const size_t places = sources * plasticity.delays.size(), values = count(slot);
        for_synapses([&](size_t k, uint32_t source, uint16_t delay) {
            for (size_t at = source * plasticity.delays.size() + plasticity.delay_slot(delay); at < values; at += places)
                use(k, at, at, size_t{1});
        });
        return;
    }
    std::vector<size_t> next(pieces.size(), 0);
    for (size_t row = 0; row < rows; ++row) {
        size_t at = row * row_size;
        for_synapses([&](size_t k, uint32_t, uint16_t) { use(k, at++, next[k]++, size_t{1}); });
    }
}

size_t SplitExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_, slot); }

void SplitExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    check_whole();
    const Pieces& pieces = pieces_of(slot);
    const auto read_piece = [&](const Piece& piece, DType type, void* out) {
        on_device(*running_[piece.part], [&](Executor& executor) {
            executor.read({slot.kind, piece.index, slot.sub}, type, out);
        });
    };
    if (pieces.size() == 1) return read_piece(pieces.front(), dtype, out_data);
    if (is_of_sources(slot.kind)) fill_without_events(slot.kind, dtype, out_data, count(slot));
    std::vector<std::vector<std::byte>> own;
    for (const Piece& piece : pieces) {
        own.emplace_back(count_of(piece, slot) * size_of(dtype));
        read_piece(piece, dtype, own.back().data());
    }
    for_values_of(slot, [&](size_t k, size_t at, size_t own_at, size_t values) {
        std::memcpy(static_cast<std::byte*>(out_data) + at * size_of(dtype), own[k].data() + own_at * size_of(dtype),
                    values * size_of(dtype));
    });
}

void SplitExecutor::write(const Slot& slot, DType dtype, const void* data) {
    if (slot.kind == Slot::history) return write_history(slot.index, dtype, data);
    if (slot.kind == Slot::activity && plan_->network->population(slot.index).is_input()) {
        for (const auto& running : running_)
            if (running->part.is_there[slot.index])
                on_device(*running, [&](Executor& executor) { executor.write(slot, dtype, data); });
        return;
    }
    const Pieces& pieces = pieces_of(slot);
    const auto write_piece = [&](const Piece& piece, const void* values) {
        on_device(*running_[piece.part], [&](Executor& executor) {
            executor.write({slot.kind, piece.index, slot.sub}, dtype, values);
        });
    };
    if (pieces.size() == 1) return write_piece(pieces.front(), data);
    std::vector<std::vector<std::byte>> own;
    for (const Piece& piece : pieces) {
        own.emplace_back(count_of(piece, slot) * size_of(dtype));
        if (is_of_sources(slot.kind)) fill_without_events(slot.kind, dtype, own.back().data(), count(slot));
    }
    for_values_of(slot, [&](size_t k, size_t at, size_t own_at, size_t values) {
        std::memcpy(own[k].data() + own_at * size_of(dtype), static_cast<const std::byte*>(data) + at * size_of(dtype),
                    values * size_of(dtype));
    });
    for (size_t k = 0; k < pieces.size(); ++k) write_piece(pieces[k], own[k].data());
}

size_t SplitExecutor::count_of(const Piece& piece, const Slot& slot) const {
    return on_device(*running_[piece.part], [&](Executor& executor) {
        return executor.count({slot.kind, piece.index, slot.sub});
    });
}

// To the devices that have the population and to those that read it late: these know spikes from `lag` steps ago on, and get
// later ones from the links.
void SplitExecutor::write_history(uint32_t population, DType dtype, const void* data) {
    const size_t size = size_of_population(population), frame = frame_of(population);
    const size_t depth = plan_->populations[population].history_depth;
    const size_t lag = links_of_[population].empty() ? 0 : placement_.lag_steps;
    std::vector<float> rows(std::max(depth, lag) * frame, 0.0f);
    convert(dtype, data, DType::float32, rows.data(), depth * frame);
    const auto write_rows = [&](const Running& running, uint32_t index, Slice neurons, size_t late) {
        const size_t own_depth = running.part.plan->populations[index].history_depth;
        std::vector<float> own(own_depth * batch_ * neurons.count, 0.0f);
        for (size_t row = 0; row < own_depth && row + late < depth; ++row)
            for (uint32_t sample = 0; sample < batch_; ++sample)
                std::copy_n(rows.data() + (row + late) * frame + sample * size + neurons.first, neurons.count,
                            own.data() + (row * batch_ + sample) * neurons.count);
        if (own_depth > 0)
            on_device(running, [&](Executor& executor) { executor.write({Slot::history, index}, DType::float32, own.data()); });
    };
    const Slice whole{0, static_cast<uint32_t>(size)};
    for (const auto& running : running_) {
        const SplitPart& part = running->part;
        const uint32_t late_at = part.late_at[population];
        if (late_at != SplitPart::nowhere) write_rows(*running, late_at, whole, lag);
        if (part.here[population].count > 0) write_rows(*running, population, part.here[population], 0);
        else if (late_at == SplitPart::nowhere && part.is_there[population]) write_rows(*running, population, whole, 0);
    }
    for (const uint32_t l : links_of_[population]) links_[l].write_history(now_, whole.count, rows.data());
}

std::span<const uint32_t> SplitExecutor::active(uint32_t population, uint32_t sample) const {
    check_whole();
    const Pieces& pieces = pieces_of_[population];
    const auto of_piece = [&](const Piece& piece) {
        return on_device(*running_[piece.part], [&](Executor& executor) { return executor.active(population, sample); });
    };
    if (pieces.size() == 1) return of_piece(pieces.front());
    active_.clear();
    for (const Piece& piece : pieces)
        for (const uint32_t neuron : of_piece(piece)) active_.push_back(piece.neurons.first + neuron);
    return active_;
}

}  // namespace snn
