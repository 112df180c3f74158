// Whether two networks are the same, for what was saved of a run of one of them. Not for telling an attacker's network apart.
#pragma once

#include <cstdint>
#include <string>

#include "network/network.h"

namespace snn {

// What decides which weight means what, in words: weights of a projection that has the same words fit. Windows see shapes,
// the other kinds only sizes.
std::string wiring_of(const Network& network, const Projection& projection);

// Those words, and all that decides else what the projection delivers.
std::string delivery_of(const Network& network, const Projection& projection);

// What a state of the population means, in words: its shape, model and options.
std::string nature_of(const Population& population);

// As a file has a hash: 16 digits.
std::string hexadecimal(uint64_t hash);

// The definition of a model or a rule, an op list, however its text is spaced.
uint64_t hash_of_definition(const std::string& json);

// Over all synapses, in whatever order they are held: arrays and the rule that makes the same ones agree. A rule's synapses are
// made row by row, which takes a moment for hundreds of millions.
struct ProjectionHash {
    uint64_t connections = 0;  // 0 where the words of wiring_of() say all
    uint64_t weights = 0;      // as delivered: rounded where they are compact; and the bias
};
ProjectionHash hash_of_projection(const Projection& projection);

}  // namespace snn
