// The entry of the extension: what Godot calls when it loads and unloads it.
#include "engine.hpp"

#include <array>

#if defined(_WIN32)
#define SNN_GODOT_EXPORT __declspec(dllexport)
#else
#define SNN_GODOT_EXPORT __attribute__((visibility("default")))
#endif

namespace {

using namespace godot_snn;

void* loader = nullptr;  // a Ref to the loader that Godot has

std::array<const Class*, 4> classes() {
    return {&network_resource_class(), &network_loader_class(), &spiking_network_class(), &compute_network_class()};
}

void tell_resource_loader(const char* method) {
    const GodotObject server = godot.singleton(StringName("ResourceLoader").get());
    Variant self(GODOT_OBJECT, &server), object(GODOT_OBJECT, &loader);
    const Variant nothing(self, method, {&object});
}

// bindings/godot/doc_classes, for the editor's help
constexpr const char* documentation[] = {
#include "documentation.inc"
};

void initialize(void*, int32_t level) {
    if (level == GODOT_LEVEL_EDITOR)
        for (const char* one : documentation) godot.load_help(one);
    if (level != GODOT_LEVEL_SCENE) return;
    for (const Class* one : classes()) register_class(*one);
    godot.ref_set(&loader, make(network_loader_class().name));
    tell_resource_loader("add_resource_format_loader");
}

void deinitialize(void*, int32_t level) {
    if (level != GODOT_LEVEL_SCENE) return;
    tell_resource_loader("remove_resource_format_loader");
    godot.ref_set(&loader, nullptr);
    for (const Class* one : classes()) unregister_class(*one);
}

}  // namespace

extern "C" SNN_GODOT_EXPORT uint8_t snn_godot_init(GodotGetFunction get, void* library_token, GodotInitialization* out) {
    if (!connect(get, library_token)) return 0;
    if (snn::abi_version() != SNN_ABI_VERSION) {
        print_error("snn_godot_init", "libsnn has ABI version " + std::to_string(snn::abi_version()) +
                                          ", the addon was made for version " + std::to_string(SNN_ABI_VERSION));
        return 0;
    }
    *out = {GODOT_LEVEL_SCENE, nullptr, initialize, deinitialize};
    return 1;
}
