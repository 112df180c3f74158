// The words of the network document in a .snn file, in the order of the enums of snn.h.
#pragma once

namespace snn::file_names {

inline constexpr const char* format_version = "1";
inline constexpr const char* state_version = "1";
inline constexpr const char* population_kinds[] = {"neurons", "spike_input", "value_input"};
inline constexpr const char* connection_kinds[] = {"dense", "one_to_one", "sparse", "conv2d", "pool2d"};
inline constexpr const char* arithmetics[] = {"default", "float", "fixed", "compact"};
inline constexpr const char* rules[] = {"fixed_probability", "fixed_indegree", "fixed_total",    "one_to_one",
                                        "all_to_all",        "spatial",        "fixed_outdegree"};
inline constexpr const char* distributions[] = {"constant", "normal", "uniform", "lognormal", "exponential"};
inline constexpr const char* kernels[] = {"gaussian", "exponential"};
inline constexpr const char* pool_modes[] = {"sum", "average", "max"};

}  // namespace snn::file_names
