#include "backend/null/null_backend.h"

#include <cstdio>
#include <cstring>

#include "backend/slots.h"
#include "common/error.h"

namespace snn {

namespace {

class NullExecutor final : public Executor {
public:
    NullExecutor(std::shared_ptr<const Plan> plan, uint32_t batch_size)
        : plan_(std::move(plan)), batch_size_(batch_size) {}

    void reset_state() override {
        ++calls_.resets;
        counters_ = {};
    }
    void run(const RunRequest& request) override {
        ++calls_.runs;
        calls_.steps += request.step_count;
        counters_.steps += request.step_count;
        for (const RecordFrames& record : request.records) {
            const size_t frame = size_t{batch_size_} * plan_->network->population(record.population).size;
            const size_t rows = request.step_count > 0 ? request.record_row(request.step_count - 1) + 1 : 0;
            const size_t frames = record.kind == RecordFrames::activity_sum ? 1 : rows;
            for (size_t step = 0; step < frames; ++step)
                std::memset(static_cast<char*>(record.data) + step * record.step_stride * size_of(record.dtype), 0,
                            frame * size_of(record.dtype));
        }
    }
    ExecutorCounters counters() const override { return counters_; }
    void set_constants(uint32_t, const PopulationConstants&) override {}
    void set_seed(uint64_t) override {}
    void set_plasticity(uint32_t, std::shared_ptr<const PlasticityPlan>) override {}
    void signal(uint32_t, float) override {}
    size_t count(const Slot& slot) const override { return slot_count(*plan_, batch_size_, slot); }
    void read(const Slot& slot, DType dtype, void* out_data) const override {
        ++calls_.reads;
        std::memset(out_data, 0, count(slot) * size_of(dtype));
    }
    void write(const Slot&, DType, const void*) override { ++calls_.writes; }
    std::span<const uint32_t> active(uint32_t, uint32_t) const override { return {}; }

    const NullCalls& calls() const { return calls_; }

private:
    mutable NullCalls calls_;
    ExecutorCounters counters_;
    std::shared_ptr<const Plan> plan_;
    uint32_t batch_size_;
};

void describe(uint32_t, SNNDeviceInfo& out_info) {
    std::snprintf(out_info.name, sizeof out_info.name, "null");
    std::snprintf(out_info.description, sizeof out_info.description, "computes nothing; every variable reads as zero");
    out_info.core_count = 1;
}

std::unique_ptr<Executor> open(std::shared_ptr<const Plan> plan, const ExecutorOptions& options) {
    if (options.flags & (SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES))
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "the null device computes nothing, in float64 neither; use device \"reference\"");
    return std::make_unique<NullExecutor>(std::move(plan), options.batch_size);
}

}  // namespace

extern const Backend null_backend{"null", describe, open};

const NullCalls* null_calls(const Executor& executor) {
    const auto* const null_executor = dynamic_cast<const NullExecutor*>(&executor);
    return null_executor ? &null_executor->calls() : nullptr;
}

}  // namespace snn
