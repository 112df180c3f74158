// What the fuzzers of files have in common: good networks, the bytes of files, and how they end.
#pragma once

#include <snn/snn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace fuzz {

[[noreturn]] inline void broken(const char* what) {
    std::fprintf(stderr, "%s; last error: %s\n", what, snn_last_error());
    std::abort();
}

inline void check(SNNStatus status, const char* what) {
    if (status != SNN_OK) broken(what);
}

inline std::string read_file(const char* path) {
    std::string bytes;
    std::FILE* const file = std::fopen(path, "rb");
    if (!file) broken("the saved file cannot be opened");
    char chunk[4096];
    for (size_t got; (got = std::fread(chunk, 1, sizeof chunk, file)) > 0;) bytes.append(chunk, got);
    std::fclose(file);
    return bytes;
}

inline uint32_t add_population(SNNNetwork network, const char* name, uint32_t kind, const char* model, const SNNShape& shape) {
    SNNPopulationDef def;
    snn_population_def_default(&def);
    def.name = name;
    def.kind = kind;
    def.model_name = model;
    def.shape = shape;
    uint32_t index = 0;
    check(snn_network_add_population(network, &def, &index), "add_population");
    return index;
}

}  // namespace fuzz
