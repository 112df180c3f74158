// What the files that know libsnn share.
#pragma once

#include <snn/snn.hpp>

#include "SnnBrain.h"

#include <string>
#include <utility>
#include <vector>

namespace SnnUnreal
{
class Network
{
public:
    explicit Network(snn::Network Loaded) : Handle(std::move(Loaded))
    {
        const uint32_t Count = Handle.info().population_count;
        for (uint32_t i = 0; i < Count; ++i) Names.emplace_back(Handle.population(i).name);
    }
    snn::Network Handle;
    std::vector<std::string> Names;
};

// Runs a function; what it throws becomes a sentence.
template <class Function>
bool Guarded(std::string& OutError, Function Call)
{
    try
    {
        Call();
        return true;
    }
    catch (const std::exception& Exception)
    {
        OutError = Exception.what();
        return false;
    }
}
}
