// How the neurons of a population are cut into the pieces that tasks update.
#pragma once

#include <cstdint>
#include <vector>

#include "network/network.h"

namespace snn::cpu {

// Neurons [begin, end): a piece of a population that one task updates. Both are multiples of 16.
struct NeuronRange {
    uint32_t begin, end;
};

// By population: the number of neurons that must stay together. Pieces begin at multiples of it.
std::vector<uint64_t> piece_granularities(const Network& network);

// Cuts [0, row) into at most `pieces` consecutive ranges, at multiples of `granularity`.
std::vector<NeuronRange> cut(uint32_t row, uint64_t granularity, uint32_t pieces);

}  // namespace snn::cpu
