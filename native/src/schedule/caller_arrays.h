// The caller's arrays that a run or training reads and writes: checked, and put as the executor takes them.
//
// Thread-safety: as the parts of the session that are looked at.
#pragma once

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backend/trainable.h"
#include "schedule/chosen_values.h"
#include "schedule/open_network.h"
#include "schedule/session_inputs.h"
#include "schedule/session_variables.h"
#include "schedule/spike_lists.h"

namespace snn {

class CallerArrays {
public:
    CallerArrays(const OpenNetwork& open, const SessionInputs& inputs, const SessionVariables& variables)
        : open_(open), network_(open.network()), inputs_(inputs), variables_(variables) {}

    // --- of a run
    // Frames for every input population in index order; empty where the caller has none. `training`: looks at them for a taped
    // run, `packs` as Trainable::first_wrong() has it.
    std::vector<InputFrames> frames(const SNNInputArray* inputs, uint32_t input_count, uint32_t step_count,
                                    Trainable* training = nullptr, bool packs = false) const;
    // What the caller gives as events; `frames` are those of other inputs. The steps are `first_step` to `first_step` +
    // `step_count` - 1.
    std::vector<RunSpikes> spikes(std::span<const SNNSpikeInput> given, std::span<const InputFrames> frames,
                                  uint32_t first_step, uint32_t step_count, RunSpikes::Form form,
                                  RunSpikes::Length length) const;
    // What a run of so many steps writes or takes, [step][batch][size] each. Sums ("spike_count") are set to zero.
    std::vector<RecordFrames> records(std::span<const SNNRecordArray> given, size_t row_count) const;
    std::vector<EventRecord> events(const SNNRunDef& def) const;
    // A variable that a run records by its path: of a population as steps run, of a projection between them.
    struct ValueRecord {
        SessionVariable variable;
        ChosenValues values;
        bool is_of_population() const { return variable.slot.kind == Slot::state || variable.slot.kind == Slot::activity; }
    };
    std::vector<ValueRecord> value_records(const SNNRunDef& def, size_t row_count) const;

    // --- of training
    // Every input population in index order, of a batch that is trained on.
    struct BatchInputs {
        std::vector<InputFrames> frames;
        std::vector<RunSpikes> spikes;  // what frames are of, where the caller gave events
    };
    // `on_one_tape`: all steps are run together and none of them again.
    BatchInputs inputs(const SNNBatch& batch, uint32_t step_count, bool on_one_tape) const;
    std::vector<OutputGradient> gradients(std::span<const SNNRecordArray> given, uint32_t step_count) const;
    std::vector<InputGradient> input_gradients(std::span<const SNNRecordArray> given, uint32_t step_count) const;

private:
    RecordFrames checked_record(const SNNRecordArray& record, size_t row_count, const std::string& array) const;
    RecordFrames checked_gradient(const SNNRecordArray& gradient, uint32_t step_count, const std::string& array) const;
    ValueRecord checked_value_record(const SNNValueRecord& record, size_t row_count, const std::string& array) const;

    const OpenNetwork& open_;
    const Network& network_;
    const SessionInputs& inputs_;
    const SessionVariables& variables_;
};

}  // namespace snn
