// SpikingNetworkResource, the bytes of a .snn file, and the loader that makes one of a file in the project.
#include "engine.hpp"

#include <optional>

namespace godot_snn {

namespace {

struct NetworkResource {
    static constexpr char kind[] = "SpikingNetworkResource";
    const char* what = kind;  // first: tells instances of this extension apart
    std::vector<uint8_t> file;
    std::optional<snn::Network> network;

    int64_t set(snn::Span<const uint8_t> bytes, const std::string& name) {
        return guarded(name.c_str(), [&] {
            std::optional<snn::Network> made;
            if (!bytes.empty()) made = snn::Network::load_memory(bytes.data(), bytes.size());
            file.assign(bytes.begin(), bytes.end());
            network = std::move(made);
        });
    }
};

NetworkResource& self(void* instance) { return *static_cast<NetworkResource*>(instance); }

// FileAccess.get_file_as_bytes reads from exported games too. The hash is that of its signature.
constexpr int64_t get_file_as_bytes_hash = 659035735;

struct Loader {
    const char* what = "SpikingNetworkLoader";
};

void load(void*, const void* const* arguments, void* out_variant) {
    void* read = godot.method_bind(StringName("FileAccess").get(), StringName("get_file_as_bytes").get(), get_file_as_bytes_hash);
    if (!read) return print_error("SpikingNetworkLoader", "this Godot has no FileAccess.get_file_as_bytes as snn knows it");
    const std::string path = text(arguments[0]);
    Value<GODOT_BYTES> file;
    const void* path_only[] = {arguments[0]};
    godot.call_method_bind(read, nullptr, path_only, file.get());
    int64_t error = 16;  // ERR_FILE_CORRUPT; 19: ERR_CANT_OPEN
    if (bytes(file.get()).empty()) {
        print_error("SpikingNetworkLoader", path + ": there is no such file, or it is empty");
        error = 19;
    } else {
        GodotObject resource = make(NetworkResource::kind);
        Variant made(GODOT_OBJECT, &resource);  // owns it
        if (self(instance_of(resource)).set(bytes(file.get()), path) == 0) {
            godot.variant_destroy(out_variant);
            return godot.to_variant(GODOT_OBJECT)(out_variant, &resource);
        }
    }
    godot.variant_destroy(out_variant);
    godot.to_variant(GODOT_INT)(out_variant, &error);
}

}  // namespace

const snn::Network* network_of(GodotObject resource) {
    void* instance = instance_of(resource);
    if (!instance || *static_cast<const char**>(instance) != NetworkResource::kind) return nullptr;
    const auto& network = self(instance).network;
    return network ? &*network : nullptr;
}

const Class& network_resource_class() {
    static const Class description{
        NetworkResource::kind,
        "Resource",
        false,
        [](GodotObject) -> void* { return new NetworkResource; },
        [](void* instance) { delete static_cast<NetworkResource*>(instance); },
        {{"set_bytes", {{"bytes", GODOT_BYTES}}, GODOT_NIL,
          [](void* instance, const void* const* arguments, void*) {
              self(instance).set(bytes(arguments[0]), "SpikingNetworkResource.bytes");
          }},
         {"get_bytes", {}, GODOT_BYTES,
          [](void* instance, const void* const*, void* result) {
              set_bytes(result, self(instance).file.data(), self(instance).file.size());
          },
          GODOT_METHOD_NORMAL | GODOT_METHOD_CONST},
         {"get_neuron_count", {}, GODOT_INT,
          [](void* instance, const void* const*, void* result) {
              const auto& network = self(instance).network;
              *static_cast<int64_t*>(result) = network ? static_cast<int64_t>(network->info().neuron_count) : 0;
          },
          GODOT_METHOD_NORMAL | GODOT_METHOD_CONST}},
        {{{"bytes", GODOT_BYTES}, "set_bytes", "get_bytes", GODOT_USAGE_STORAGE}},
        {},
        {},
        {}};
    return description;
}

const Class& network_loader_class() {
    static const Class description{
        "SpikingNetworkLoader",
        "ResourceFormatLoader",
        false,
        [](GodotObject) -> void* { return new Loader; },
        [](void* instance) { delete static_cast<Loader*>(instance); },
        {},
        {},
        {},
        {},
        {{"_get_recognized_extensions",
          [](void*, const void* const*, void* result) { set_strings(result, {"snn"}); }},
         {"_handles_type",
          [](void*, const void* const* arguments, void* result) {
              *static_cast<uint8_t*>(result) =
                  StringName("Resource").is(arguments[0]) || StringName(NetworkResource::kind).is(arguments[0]);
          }},
         {"_get_resource_type",
          [](void*, const void* const* arguments, void* result) {
              if (text(arguments[0]).ends_with(".snn")) set_text(result, NetworkResource::kind);
          }},
         {"_load", load}}};
    return description;
}

}  // namespace godot_snn
