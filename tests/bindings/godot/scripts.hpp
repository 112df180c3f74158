// The extension, loaded as Godot does it, and what scripts do with it. Include doctest.h before it.
//
// Environment: SNN_EXTENSION  libsnn_godot.so    SNN_PROJECT  the folder of res://, with the .snn files
#ifndef SNN_TESTS_GODOT_SCRIPTS_HPP
#define SNN_TESTS_GODOT_SCRIPTS_HPP

#include "../library.hpp"
#include "godot.hpp"

namespace {

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    REQUIRE_MESSAGE(value != nullptr, name);
    return value;
}

struct Godot {
    Godot() {
        errors.clear();
        library = open_library(variable("SNN_EXTENSION"));
        REQUIRE_MESSAGE(library != nullptr, library_error());
        init = reinterpret_cast<Init>(symbol_of(library, "snn_godot_init"));
        REQUIRE(static_cast<bool>(init));
        if (!init(get_function, &token, &initialization)) return;
        for (int level = initialization.minimum_level; level <= 3; ++level) initialization.initialize(initialization.user, level);
        running = true;
    }
    ~Godot() {
        for (int level = 3; running && level >= initialization.minimum_level; --level)
            initialization.deinitialize(initialization.user, level);
        CHECK(classes.empty());
        CHECK(loaders.empty());
        CHECK(live == 0);
        close_library(library);
    }

    using Init = uint8_t (*)(GodotGetFunction, void*, GodotInitialization*);
    void* library;
    Init init;
    int token = 0;
    GodotInitialization initialization{};
    bool running = false;
};

GodotCallError call_error;

// A call of a script that does not know types: with Variants.
Any call(Object* object, const char* name, std::vector<Any> arguments = {}) {
    const MethodCopy& method = classes.at(object->class_name).methods.at(name);
    std::vector<Variant> variants(arguments.size());
    std::vector<const void*> pointers;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].index() != 0) put(&variants[i], arguments[i]);
        pointers.push_back(&variants[i]);
    }
    Variant result{};
    method.info.call(method.info.user, object->instance, pointers.data(), static_cast<int64_t>(arguments.size()), &result, &call_error);
    Any made = any(&result);
    destroy_variant(&result);
    for (Variant& one : variants) destroy_variant(&one);
    return made;
}

Any load(const std::string& path) {
    Variant result{};
    String text;
    new_string(&text, path);
    for (Object* loader : loaders) {
        const GodotClassInfo& info = classes.at(loader->class_name).info;
        const Name name{interned("_load")}, extensions_name{interned("_get_recognized_extensions")},
            type_name{interned("_get_resource_type")}, handles_name{interned("_handles_type")}, resource{interned("Resource")};
        Packed<Strings> extensions{};
        info.get_virtual(info.user, &extensions_name)(loader->instance, nullptr, &extensions);
        REQUIRE(packed<Strings>(&extensions).size() == 1);
        CHECK(path.ends_with("." + string_text(&packed<Strings>(&extensions)[0])));
        delete_packed<Strings>(&extensions);
        String type = nullptr;
        const void* path_only[] = {&text};
        info.get_virtual(info.user, &type_name)(loader->instance, path_only, &type);
        CHECK(string_text(&type) == "SpikingNetworkResource");
        delete_string(&type);
        uint8_t handles = 0;
        const void* resource_only[] = {&resource};
        info.get_virtual(info.user, &handles_name)(loader->instance, resource_only, &handles);
        CHECK(handles == 1);
        const uint8_t threads = 0;
        const int64_t cache = 1;
        const void* arguments[] = {&text, &text, &threads, &cache};
        info.get_virtual(info.user, &name)(loader->instance, arguments, &result);
    }
    delete_string(&text);
    Any made = any(&result);
    if (auto* object = std::get_if<Object*>(&made)) reference(*object);
    destroy_variant(&result);
    return made;
}

struct Brain {
    explicit Brain(const std::string& path = "res://creature.snn")
        : resource(std::get<Object*>(load(path))), node(construct("SpikingNetwork")) {
        call(node, "set_network", {resource});
    }
    ~Brain() {
        free_object(node);
        unreference(resource);
    }
    Object *resource, *node;
};

bool told(const char* words) {
    const bool found = errors.size() == 1 && errors[0].find(words) != std::string::npos;
    if (!found) {
        for (const std::string& one : errors) MESSAGE(one);
    }
    errors.clear();
    return found;
}

int64_t number(const Any& value) { return std::get<int64_t>(value); }

}  // namespace

#endif
