// Checks of a trainer's definition. Errors name the field and its value.
#pragma once

#include <snn/snn.h>

#include "network/network.h"
#include "train/loss_head.h"

namespace snn {

// Checks a field of a definition, "def->FIELD": it must be finite and at least `minimum`, or with `above` greater than it.
void check_number(double value, double minimum, bool above, const char* field);
void check_definition(const SNNTrainerDef& def, const Network& network);

// Checks whether def.rule, if it is not back-propagation, can train this network. `head`: the loss of the output population;
// null if the loss is the caller's own.
void check_rule(const SNNTrainerDef& def, const Network& network, const LossHead* head);
// EventProp needs a loss that depends on the times of spikes, not on their number.
void check_spike_times(const Network& network, const LossHead& head);

inline bool has_traces(const SNNTrainerDef& def) { return def.rule == SNN_LEARNING_OTTT || def.rule == SNN_LEARNING_EPROP; }

}  // namespace snn
