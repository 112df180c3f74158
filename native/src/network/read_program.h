// Reads the programs of a document: lists of ops on registers. A program that passes can be run without further checks: every
// operand is an earlier register of the right type, every op is allowed in this program, and every output exists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/json.h"
#include "network/model.h"

namespace snn {

constexpr size_t max_ops = 4096;

// The place where a program runs decides which ops it may use.
enum Place : uint8_t { in_derive = 1, in_step = 2, in_adjoint = 4, in_derivative = 8, in_smooth = 16, in_event = 32 };

const char* name_of(ValueType type);

// Reads the "ops" of an entry. `constant_count`: how many of the first inputs are parameters, options and derived constants.
Program read_program(const JsonObject& entry, std::vector<ValueType> inputs, Place where, uint32_t constant_count = 0);

// An existing register of this type. read_outputs() reads a list of them, one for each type.
uint16_t read_output(const Json& value, const Program& program, ValueType type, const std::string& place);
std::vector<uint16_t> read_outputs(const JsonObject& entry, const char* key, const Program& program,
                                   const std::vector<ValueType>& types);
// `count` registers of floats; -1 for those that are absent.
std::vector<int32_t> read_optional_outputs(const JsonObject& entry, const char* key, const Program& program, size_t count);

}  // namespace snn
