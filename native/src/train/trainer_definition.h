// What a trainer may be asked for: the checks of its definition. Errors name the field and its value.
#pragma once

#include <snn/snn.h>

#include "network/network.h"
#include "train/loss_head.h"

namespace snn {

// A field of a definition, "def->FIELD": finite and of at least `minimum`, or above it.
void check_number(double value, double minimum, bool above, const char* field);
void check_definition(const SNNTrainerDef& def, const Network& network);

// Of def.rule, other than back-propagation: whether it can train this network. `head`: the loss of the output population, null
// where it is the caller's.
void check_rule(const SNNTrainerDef& def, const Network& network, const LossHead* head);
// EventProp knows how a loss changes with the times of spikes, not with how many there are.
void check_spike_times(const Network& network, const LossHead& head);

inline bool has_traces(const SNNTrainerDef& def) { return def.rule == SNN_LEARNING_OTTT || def.rule == SNN_LEARNING_EPROP; }

}  // namespace snn
