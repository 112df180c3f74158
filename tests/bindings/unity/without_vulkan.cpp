// The plug-in where Unity does not render with Vulkan, as on Windows it does by itself: it loads, says so, and makes no network.
//
// Arguments: the plug-in    creature.snn
#define DOCTEST_CONFIG_IMPLEMENT
#include "snn_unity.h"

#include <doctest/doctest.h>

#include "../library.hpp"

#include <fstream>
#include <iterator>
#include <vector>

namespace {
const char* const* arguments;

template <class Function>
void load(void* library, Function& function, const char* name) {
    function = reinterpret_cast<Function>(symbol_of(library, name));
    REQUIRE_MESSAGE(static_cast<bool>(function), name);
}
}  // namespace

TEST_CASE("without Vulkan the plug-in makes no network") {
    void* const library = open_library(arguments[1]);
    REQUIRE_MESSAGE(library != nullptr, library_error());
    decltype(&UnityPluginLoad) plugin_load;
    decltype(&UnityPluginUnload) plugin_unload;
    decltype(&snn_unity_abi_version) abi_version;
    decltype(&snn_unity_ready) ready;
    decltype(&snn_unity_create) create;
    decltype(&snn_unity_last_error) last_error;
    load(library, plugin_load, "UnityPluginLoad");
    load(library, plugin_unload, "UnityPluginUnload");
    load(library, abi_version, "snn_unity_abi_version");
    load(library, ready, "snn_unity_ready");
    load(library, create, "snn_unity_create");
    load(library, last_error, "snn_unity_last_error");
    UnityInterfaces interfaces{};
    interfaces.get_interface_split = [](uint64_t, uint64_t) -> void* { return nullptr; };
    plugin_load(&interfaces);
    CHECK(abi_version() == SNN_ABI_VERSION);
    CHECK(ready() == 0);
    std::ifstream file(arguments[2], std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    SNNUnityNetwork network = nullptr;
    CHECK(create(bytes.data(), bytes.size(), 0, &network) == SNN_ERROR_UNSUPPORTED);
    CHECK(std::string(last_error()).find("Vulkan") != std::string::npos);
    plugin_unload();
    close_library(library);
}

int main(int argc, char** argv) {
    arguments = argv;
    return argc == 3 ? doctest::Context().run() : 2;
}
