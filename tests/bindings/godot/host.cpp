// Stands in for Godot: has values, objects, classes and a resource loader of its own behind the functions of the extension
// interface, loads the extension as Godot does, and counts what is not given back.
//
// Environment: SNN_EXTENSION  libsnn_godot.so    SNN_PROJECT  the folder of res://, with creature.snn
//              SNN_EXPECTED   the line that the game prints
#define DOCTEST_CONFIG_IMPLEMENT
#include "interface.h"

#include "../creature.hpp"

#include <doctest/doctest.h>

#include <dlfcn.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <variant>
#include <vector>

namespace {

// ---- Values -----------------------------------------------------------------------------------------------------------

struct Object;
using Bytes = std::vector<uint8_t>;
using Ints = std::vector<int32_t>;
using Floats = std::vector<float>;

int live = 0;  // strings, arrays, variants and objects that somebody has
std::vector<std::string> errors;

// String: 8 bytes, a pointer to this or null when empty.
using String = std::string*;
using Strings = std::vector<String>;
struct Name {
    const std::string* text;  // of the one copy
};
const std::string* interned(const std::string& text) {
    static std::set<std::string> all;
    return &*all.insert(text).first;
}
template <class T>
struct Packed {  // 16 bytes
    T* items;
    void* reserved;
};

using Any = std::variant<std::monostate, bool, int64_t, double, std::string, Name, Object*, Bytes, Ints, Floats, std::vector<std::string>>;
constexpr int type_of_alternative[] = {GODOT_NIL,    GODOT_BOOL,  GODOT_INT,  GODOT_FLOAT,  GODOT_STRING, GODOT_STRING_NAME,
                                       GODOT_OBJECT, GODOT_BYTES, GODOT_INTS, GODOT_FLOATS, GODOT_STRINGS};

// Variant: 24 bytes; nil owns nothing.
struct Variant {
    Any* value;
    void* reserved[2];
};
Variant& variant(const void* at) { return *static_cast<Variant*>(const_cast<void*>(at)); }

void reference(Object* object);
void unreference(Object* object);

void put(void* at, Any value) {
    if (auto* object = std::get_if<Object*>(&value)) reference(*object);
    variant(at).value = new Any(std::move(value));
    ++live;
}
void destroy_variant(void* at) {
    Variant& it = variant(at);
    if (!it.value) return;
    if (auto* object = std::get_if<Object*>(it.value)) unreference(*object);
    delete it.value;
    it.value = nullptr;
    --live;
}
const Any& any(const void* at) {
    static const Any nil;
    return variant(at).value ? *variant(at).value : nil;
}

// ---- Classes and objects ----------------------------------------------------------------------------------------------

struct MethodCopy {
    GodotMethodInfo info;
    std::vector<int32_t> types;
    int32_t result;
};
struct Class {
    std::string parent;
    GodotClassInfo info{};
    std::map<std::string, MethodCopy> methods;
    std::map<std::string, std::pair<std::string, std::string>> properties;  // setter, getter
    std::map<std::string, std::vector<int32_t>> signals;
    std::map<std::string, int64_t> constants;
};
std::map<std::string, Class> classes;

struct Object {
    std::string class_name;
    void* instance = nullptr;
    bool counted = false;
    int references = 0;
    std::map<void*, void*> bindings;
    std::vector<std::function<void(const std::string&, const std::vector<Any>&)>> connected;
};
std::vector<Object*> loaders;

void free_object(Object* object) {
    const auto found = classes.find(object->class_name);
    if (found != classes.end() && object->instance) found->second.info.free(found->second.info.user, object->instance);
    delete object;
    --live;
}
void reference(Object* object) {
    if (object && object->counted) ++object->references;
}
void unreference(Object* object) {
    if (object && object->counted && --object->references == 0) free_object(object);
}

Object* construct(const std::string& name) {
    const auto found = classes.find(name);
    if (found != classes.end()) return static_cast<Object*>(found->second.info.create(found->second.info.user));
    auto* made = new Object{name};
    ++live;
    made->counted = name == "Resource" || name == "ResourceFormatLoader";
    return made;
}

// ---- The interface ----------------------------------------------------------------------------------------------------

const std::string& name_text(const void* name) { return *static_cast<const Name*>(name)->text; }
std::string string_text(const void* string) {
    const String it = *static_cast<const String*>(string);
    return it ? *it : std::string();
}
void new_string(void* out, const std::string& text) {
    *static_cast<String*>(out) = text.empty() ? nullptr : new std::string(text);
    live += !text.empty();
}
void delete_string(void* at) {
    String& it = *static_cast<String*>(at);
    live -= it != nullptr;
    delete it;
    it = nullptr;
}
template <class T>
T& packed(const void* array) {
    auto& it = *static_cast<Packed<T>*>(const_cast<void*>(array));
    if (!it.items) {
        it.items = new T;
        ++live;
    }
    return *it.items;
}
template <class T>
void delete_packed(void* array) {
    auto& it = *static_cast<Packed<T>*>(array);
    if constexpr (std::is_same_v<T, Strings>)
        if (it.items)
            for (String& one : *it.items) delete_string(&one);
    live -= it.items != nullptr;
    delete it.items;
    it.items = nullptr;
}
template <class T>
void new_packed(void* array) {
    *static_cast<Packed<T>*>(array) = {};
}

template <class T>
void resize(void* array, const void* const* arguments, void* result, int32_t) {
    packed<T>(array).resize(static_cast<std::size_t>(*static_cast<const int64_t*>(arguments[0])));
    *static_cast<int64_t*>(result) = 0;
}
template <class T>
void size(void* array, const void* const*, void* result, int32_t) {
    *static_cast<int64_t*>(result) = static_cast<int64_t>(packed<T>(array).size());
}
template <class T>
GodotBuiltinMethod builtin(const std::string& name, int64_t hash) {
    if (name == "size" && hash == 3173160232) return size<T>;
    if (name == "resize" && hash == 848867239) return resize<T>;
    return nullptr;
}

// Between variants and values, for each type.
void to_variant(int type, void* out, void* in) {
    switch (type) {
        case GODOT_INT: return put(out, *static_cast<int64_t*>(in));
        case GODOT_FLOAT: return put(out, *static_cast<double*>(in));
        case GODOT_STRING: return put(out, string_text(in));
        case GODOT_STRING_NAME: return put(out, *static_cast<Name*>(in));
        case GODOT_OBJECT: {
            Object* object = *static_cast<Object**>(in);
            if (object) put(out, object);
            else variant(out).value = nullptr;
            return;
        }
        case GODOT_BYTES: return put(out, packed<Bytes>(in));
        case GODOT_INTS: return put(out, packed<Ints>(in));
        case GODOT_FLOATS: return put(out, packed<Floats>(in));
        case GODOT_STRINGS: {
            std::vector<std::string> texts;
            for (String& one : packed<Strings>(in)) texts.push_back(string_text(&one));
            return put(out, texts);
        }
    }
    FAIL("no such type");
}
void from_variant(int type, void* out, void* in) {
    const Any& value = any(in);
    switch (type) {
        case GODOT_INT: {
            const auto* real = std::get_if<double>(&value);
            *static_cast<int64_t*>(out) = real ? static_cast<int64_t>(*real) : std::get<int64_t>(value);
            return;
        }
        case GODOT_FLOAT: {
            const auto* whole = std::get_if<int64_t>(&value);
            *static_cast<double*>(out) = whole ? static_cast<double>(*whole) : std::get<double>(value);
            return;
        }
        case GODOT_STRING: {
            const auto* name = std::get_if<Name>(&value);
            return new_string(out, name ? *name->text : std::get<std::string>(value));
        }
        case GODOT_OBJECT: {
            auto* object = std::get_if<Object*>(&value);
            *static_cast<Object**>(out) = object ? *object : nullptr;
            return;
        }
        case GODOT_BYTES: new_packed<Bytes>(out); packed<Bytes>(out) = std::get<Bytes>(value); return;
        case GODOT_FLOATS: new_packed<Floats>(out); packed<Floats>(out) = std::get<Floats>(value); return;
    }
    FAIL("no such type");
}
template <int Type>
void to(void* out, void* in) { to_variant(Type, out, in); }
template <int Type>
void from(void* out, void* in) { from_variant(Type, out, in); }

Object* resource_loader() {
    static Object only{"ResourceLoader"};
    return &only;
}

void variant_call(void* self, const void* method, const void* const* arguments, int64_t count, void* out,
                  GodotCallError* error) {
    variant(out).value = nullptr;
    error->error = GODOT_CALL_OK;
    Object* object = std::get<Object*>(any(self));
    const std::string& name = name_text(method);
    if (name == "emit_signal") {
        const std::string signal = *std::get<Name>(any(arguments[0])).text;
        const auto& declared = classes.at(object->class_name).signals.at(signal);
        REQUIRE(static_cast<std::size_t>(count) == declared.size() + 1);
        std::vector<Any> values;
        for (int64_t i = 1; i < count; ++i) {
            values.push_back(any(arguments[i]));
            CHECK(type_of_alternative[values.back().index()] == declared[static_cast<std::size_t>(i) - 1]);
        }
        for (const auto& one : object->connected) one(signal, values);
    } else if (object == resource_loader() && name == "add_resource_format_loader") {
        loaders.push_back(std::get<Object*>(any(arguments[0])));
        reference(loaders.back());
    } else if (object == resource_loader() && name == "remove_resource_format_loader") {
        REQUIRE(loaders.back() == std::get<Object*>(any(arguments[0])));
        unreference(loaders.back());
        loaders.pop_back();
    } else {
        FAIL("no such method: " << name);
    }
}

struct Bind {};
void read_file(void*, GodotObject object, const void* const* arguments, void* out) {
    CHECK(object == nullptr);  // static
    std::string path = string_text(arguments[0]);
    if (path.starts_with("res://")) path = std::string(std::getenv("SNN_PROJECT")) + "/" + path.substr(6);
    std::ifstream file(path, std::ios::binary);
    packed<Bytes>(out).assign(std::istreambuf_iterator<char>(file), {});
}

std::vector<int32_t> types(const GodotPropertyInfo* infos, std::size_t count) {
    std::vector<int32_t> made;
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(!name_text(infos[i].name).empty());
        made.push_back(infos[i].type);
    }
    return made;
}

std::string hidden;  // a function that this Godot does not have

template <class Function>
GodotFunction function(Function it) { return reinterpret_cast<GodotFunction>(it); }

const std::map<std::string, GodotFunction>& interface() {
    static const std::map<std::string, GodotFunction> functions{
        {"print_error", function(+[](const char* description, const char* where, const char*, int32_t, uint8_t) {
             errors.push_back(std::string(where) + ": " + description);
         })},
        {"variant_destroy", function(destroy_variant)},
        {"variant_get_type", function(+[](const void* it) { return type_of_alternative[any(it).index()]; })},
        {"variant_call", function(variant_call)},
        {"get_variant_from_type_constructor", function(+[](int32_t type) -> GodotConvert {
             switch (type) {
                 case GODOT_INT: return to<GODOT_INT>;
                 case GODOT_FLOAT: return to<GODOT_FLOAT>;
                 case GODOT_STRING: return to<GODOT_STRING>;
                 case GODOT_STRING_NAME: return to<GODOT_STRING_NAME>;
                 case GODOT_OBJECT: return to<GODOT_OBJECT>;
                 case GODOT_BYTES: return to<GODOT_BYTES>;
                 case GODOT_INTS: return to<GODOT_INTS>;
                 case GODOT_FLOATS: return to<GODOT_FLOATS>;
                 case GODOT_STRINGS: return to<GODOT_STRINGS>;
             }
             return nullptr;
         })},
        {"get_variant_to_type_constructor", function(+[](int32_t type) -> GodotConvert {
             switch (type) {
                 case GODOT_INT: return from<GODOT_INT>;
                 case GODOT_FLOAT: return from<GODOT_FLOAT>;
                 case GODOT_STRING: return from<GODOT_STRING>;
                 case GODOT_OBJECT: return from<GODOT_OBJECT>;
                 case GODOT_BYTES: return from<GODOT_BYTES>;
                 case GODOT_FLOATS: return from<GODOT_FLOATS>;
             }
             return nullptr;
         })},
        {"variant_get_ptr_constructor", function(+[](int32_t type, int32_t which) -> GodotConstructor {
             CHECK(which == 0);
             switch (type) {
                 case GODOT_STRING: return [](void* out, const void* const*) { new_string(out, ""); };
                 case GODOT_BYTES: return [](void* out, const void* const*) { new_packed<Bytes>(out); };
                 case GODOT_INTS: return [](void* out, const void* const*) { new_packed<Ints>(out); };
                 case GODOT_FLOATS: return [](void* out, const void* const*) { new_packed<Floats>(out); };
                 case GODOT_STRINGS: return [](void* out, const void* const*) { new_packed<Strings>(out); };
             }
             return nullptr;
         })},
        {"variant_get_ptr_destructor", function(+[](int32_t type) -> GodotDestructor {
             switch (type) {
                 case GODOT_STRING: return delete_string;
                 case GODOT_STRING_NAME: return [](void*) { --live; };
                 case GODOT_BYTES: return delete_packed<Bytes>;
                 case GODOT_INTS: return delete_packed<Ints>;
                 case GODOT_FLOATS: return delete_packed<Floats>;
                 case GODOT_STRINGS: return delete_packed<Strings>;
             }
             return nullptr;
         })},
        {"variant_get_ptr_builtin_method", function(+[](int32_t type, const void* name, int64_t hash) -> GodotBuiltinMethod {
             switch (type) {
                 case GODOT_BYTES: return builtin<Bytes>(name_text(name), hash);
                 case GODOT_INTS: return builtin<Ints>(name_text(name), hash);
                 case GODOT_FLOATS: return builtin<Floats>(name_text(name), hash);
                 case GODOT_STRINGS: return builtin<Strings>(name_text(name), hash);
             }
             return nullptr;
         })},
        {"string_name_new_with_utf8_chars", function(+[](void* out, const char* text) {
             static_cast<Name*>(out)->text = interned(text);
             ++live;
         })},
        {"string_new_with_utf8_chars", function(+[](void* out, const char* text) { new_string(out, text); })},
        {"string_to_utf8_chars", function(+[](const void* string, char* out, int64_t capacity) {
             const std::string text = string_text(string);
             if (out) std::memcpy(out, text.data(), std::min(text.size(), static_cast<std::size_t>(capacity)));
             return static_cast<int64_t>(text.size());
         })},
        {"packed_byte_array_operator_index", function(+[](void* it, int64_t i) { return &packed<Bytes>(it).at(size_t(i)); })},
        {"packed_int32_array_operator_index", function(+[](void* it, int64_t i) { return &packed<Ints>(it).at(size_t(i)); })},
        {"packed_float32_array_operator_index", function(+[](void* it, int64_t i) { return &packed<Floats>(it).at(size_t(i)); })},
        {"packed_string_array_operator_index",
         function(+[](void* it, int64_t i) -> void* { return &packed<Strings>(it).at(size_t(i)); })},
        {"packed_byte_array_operator_index_const",
         function(+[](const void* it, int64_t i) -> const uint8_t* { return &packed<Bytes>(it).at(size_t(i)); })},
        {"packed_float32_array_operator_index_const",
         function(+[](const void* it, int64_t i) -> const float* { return &packed<Floats>(it).at(size_t(i)); })},
        {"global_get_singleton", function(+[](const void* name) -> GodotObject {
             return name_text(name) == "ResourceLoader" ? resource_loader() : nullptr;
         })},
        {"classdb_construct_object", function(+[](const void* name) -> GodotObject { return construct(name_text(name)); })},
        {"object_destroy", function(+[](GodotObject it) { free_object(static_cast<Object*>(it)); })},
        {"object_set_instance", function(+[](GodotObject it, const void* name, void* instance) {
             static_cast<Object*>(it)->class_name = name_text(name);
             static_cast<Object*>(it)->instance = instance;
         })},
        {"object_set_instance_binding",
         function(+[](GodotObject it, void* token, void* binding, const GodotBindingCallbacks*) {
             static_cast<Object*>(it)->bindings[token] = binding;
         })},
        {"object_get_instance_binding", function(+[](GodotObject it, void* token, const GodotBindingCallbacks* callbacks) {
             auto& bindings = static_cast<Object*>(it)->bindings;
             if (!bindings.contains(token)) bindings[token] = callbacks->create(token, it);
             return bindings[token];
         })},
        {"ref_set_object", function(+[](void* ref, GodotObject it) {
             reference(static_cast<Object*>(it));
             unreference(std::exchange(*static_cast<Object**>(ref), static_cast<Object*>(it)));
         })},
        {"classdb_get_method_bind", function(+[](const void* name, const void* method, int64_t hash) -> void* {
             static Bind bind;
             const bool known = name_text(name) == "FileAccess" && name_text(method) == "get_file_as_bytes";
             return known && hash == 659035735 ? &bind : nullptr;
         })},
        {"object_method_bind_ptrcall", function(read_file)},
        {"classdb_register_extension_class3",
         function(+[](void*, const void* name, const void* parent, const GodotClassInfo* info) {
             classes[name_text(name)] = {name_text(parent), *info, {}, {}, {}, {}};
         })},
        {"classdb_register_extension_class_method", function(+[](void*, const void* name, const GodotMethodInfo* info) {
             const int32_t result = info->has_result ? info->result->type : int32_t{GODOT_NIL};
             classes.at(name_text(name)).methods[name_text(info->name)] = {*info, types(info->arguments, info->argument_count),
                                                                           result};
         })},
        {"classdb_register_extension_class_property",
         function(+[](void*, const void* name, const GodotPropertyInfo* info, const void* setter, const void* getter) {
             Class& it = classes.at(name_text(name));
             REQUIRE(it.methods.at(name_text(setter)).types == std::vector{info->type});
             REQUIRE(it.methods.at(name_text(getter)).result == info->type);
             it.properties[name_text(info->name)] = {name_text(setter), name_text(getter)};
         })},
        {"classdb_register_extension_class_signal",
         function(+[](void*, const void* name, const void* signal, const GodotPropertyInfo* arguments, int64_t count) {
             classes.at(name_text(name)).signals[name_text(signal)] = types(arguments, static_cast<std::size_t>(count));
         })},
        {"classdb_register_extension_class_integer_constant",
         function(+[](void*, const void* name, const void*, const void* constant, int64_t value, uint8_t) {
             classes.at(name_text(name)).constants[name_text(constant)] = value;
         })},
        {"classdb_unregister_extension_class", function(+[](void*, const void* name) { classes.erase(name_text(name)); })},
    };
    return functions;
}

GodotFunction get_function(const char* name) {
    const auto found = interface().find(name);
    return found == interface().end() || name == hidden ? nullptr : found->second;
}

// ---- What scripts do --------------------------------------------------------------------------------------------------

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    REQUIRE_MESSAGE(value != nullptr, name);
    return value;
}

struct Godot {
    Godot() {
        errors.clear();
        library = dlopen(variable("SNN_EXTENSION"), RTLD_NOW);
        REQUIRE_MESSAGE(library != nullptr, dlerror());
        init = reinterpret_cast<Init>(dlsym(library, "snn_godot_init"));
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
        dlclose(library);
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

TEST_CASE("the game is the same in a script's calls and signals") {
    Godot godot;
    {
        Brain brain;
        CreatureFrame* now = nullptr;
        brain.node->connected.push_back([&](const std::string&, const std::vector<Any>& values) {
            if (*std::get<Name>(values[0]).text != "output") return;
            for (const int32_t neuron : std::get<Ints>(values[1])) ++now->spikes[static_cast<std::size_t>(neuron)];
        });
        const std::string line = play_creature([&](CreatureFrame& frame) {
            now = &frame;
            CHECK(number(call(brain.node, "set_input", {std::string("input"), Floats(frame.seen.begin(), frame.seen.end())})) == 0);
            CHECK(number(call(brain.node, "step", {1.0 / 60.0})) == 0);
            const Floats voltages = std::get<Floats>(call(brain.node, "get_state", {std::string("output.v")}));
            REQUIRE(voltages.size() == 3);
            std::copy(voltages.begin(), voltages.end(), frame.voltages.begin());
        });
        CHECK(line == variable("SNN_EXPECTED"));
        CHECK(std::get<std::vector<std::string>>(call(brain.node, "get_populations")) ==
              std::vector<std::string>{"input", "hidden", "output"});
    }
    CHECK(errors.empty());
}

TEST_CASE("typed scripts and frames reach the same functions") {
    Godot godot;
    {
        Brain brain;
        const Class& it = classes.at("SpikingNetwork");
        const auto virtual_function = [&](const char* text) {
            const Name name{interned(text)};
            return it.info.get_virtual(it.info.user, &name);
        };
        CHECK(!static_cast<bool>(virtual_function("_ready")));
        const double delta = 0.0101;
        const void* frame[] = {&delta};
        virtual_function("_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 0);  // it steps in physics frames
        virtual_function("_physics_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 10);
        call(brain.node, "set_step_mode", {it.constants.at("STEP_PROCESS")});
        virtual_function("_physics_process")(brain.node->instance, frame, nullptr);
        virtual_function("_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 20);
        call(brain.node, "set_budget_ms", {1e-6});
        virtual_function("_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 21);

        const MethodCopy& advance = it.methods.at("advance");
        int64_t steps = 5, result = -1;
        const void* arguments[] = {&steps};
        advance.info.pointer_call(advance.info.user, brain.node->instance, arguments, &result);
        CHECK(result == 0);
        CHECK(number(call(brain.node, "get_step_count")) == 26);
        CHECK(number(call(brain.node, "reset")) == 0);
        CHECK(number(call(brain.node, "get_step_count")) == 0);
    }
    CHECK(errors.empty());
}

TEST_CASE("properties are what they were set to, the network and its bytes too") {
    Godot godot;
    {
        Brain brain;
        for (const char* property : {"thread_count", "seed", "step_mode"}) {
            call(brain.node, (std::string("set_") + property).c_str(), {int64_t{2}});
            CHECK(number(call(brain.node, (std::string("get_") + property).c_str())) == 2);
        }
        CHECK(std::get<Object*>(call(brain.node, "get_network")) == brain.resource);
        CHECK(number(call(brain.resource, "get_neuron_count")) == 27);
        const Bytes bytes = std::get<Bytes>(call(brain.resource, "get_bytes"));
        Object* copy = construct("SpikingNetworkResource");
        reference(copy);
        call(copy, "set_bytes", {bytes});
        call(brain.node, "set_network", {copy});
        CHECK(number(call(brain.node, "advance", {int64_t{1}})) == 0);
        CHECK(std::get<Ints>(call(brain.node, "get_spikes", {std::string("output")})).empty());
        unreference(copy);  // the node still has it
        CHECK(number(call(brain.node, "advance", {int64_t{1}})) == 0);
    }
    CHECK(errors.empty());
}

TEST_CASE("wrong use is an error in Godot's log") {
    Godot godot;
    {
        CHECK(number(load("res://absent.snn")) == 19);
        CHECK(told("absent.snn"));
        CHECK(number(load("res://wrong.snn")) == 16);
        CHECK(told("wrong.snn: "));
        Object* node = construct("SpikingNetwork");
        CHECK(number(call(node, "step", {0.1})) == 3);
        CHECK(told("'network' of this SpikingNetwork is not set"));
        Object* resource = construct("Resource");
        reference(resource);
        call(node, "set_network", {resource});
        CHECK(told("takes a SpikingNetworkResource"));
        unreference(resource);
        call(node, "set_network", {node});  // an object of this extension, and no resource
        CHECK(told("takes a SpikingNetworkResource"));
        call(node, "set_network", {Any{}});
        call(node, "set_step_mode", {int64_t{3}});
        CHECK(told("step_mode is 3"));
        call(node, "set_thread_count", {int64_t{-1}});
        CHECK(told("thread_count is -1"));
        call(node, "set_budget_ms", {-0.5});
        CHECK(told("budget_ms is -0.5"));
        free_object(node);

        Brain brain;
        CHECK(number(call(brain.node, "set_input", {std::string("input"), Floats{1}})) == 31);
        CHECK(told("3"));
        CHECK(number(call(brain.node, "set_input", {std::string("inputs"), Floats{1, 1, 1}})) == 33);
        CHECK(told("no population 'inputs'"));
        CHECK(number(call(brain.node, "step", {-1.0})) == 31);
        CHECK(told("frame_dt"));
        CHECK(number(call(brain.node, "advance", {int64_t{-1}})) == 31);
        CHECK(told("steps is -1"));
        CHECK(std::get<Floats>(call(brain.node, "get_state", {std::string("output.w")})).empty());
        CHECK(told("w"));
        Bytes damaged = std::get<Bytes>(call(brain.resource, "get_bytes"));
        damaged.resize(damaged.size() / 2);
        call(brain.resource, "set_bytes", {damaged});
        CHECK(told("SpikingNetworkResource.bytes"));
        CHECK(number(call(brain.resource, "get_neuron_count")) == 27);  // it keeps what it had
        call(brain.node, "step", {std::string("soon")});
        CHECK(call_error.error == GODOT_CALL_INVALID_ARGUMENT);
        CHECK(call_error.argument == 0);
        CHECK(call_error.expected == GODOT_FLOAT);
        call(brain.node, "step");
        CHECK(call_error.error == GODOT_CALL_TOO_FEW);
        call(brain.node, "step", {0.1, 0.1});
        CHECK(call_error.error == GODOT_CALL_TOO_MANY);
        CHECK(number(call(brain.node, "step", {int64_t{1}})) == 0);  // a whole number is a number
    }
    CHECK(errors.empty());
}

TEST_CASE("a handler of spikes may read and not step") {
    Godot godot;
    {
        Brain brain;
        int heard = 0;
        brain.node->connected.push_back([&](const std::string&, const std::vector<Any>& values) {
            if (heard++) return;
            const std::string& population = *std::get<Name>(values[0]).text;
            CHECK(std::get<Floats>(call(brain.node, "get_state", {population + ".v"})).size() > 0);
            CHECK(number(call(brain.node, "step", {0.1})) == 44);
            CHECK(told("SpikingNetwork.step"));
            call(brain.node, "set_network", {Any{}});
            CHECK(told("cannot change the network"));
            call(brain.node, "set_seed", {int64_t{4}});
            CHECK(told("cannot change the network"));
        });
        call(brain.node, "set_input", {std::string("input"), Floats{1, 1, 1}});
        CHECK(number(call(brain.node, "advance", {int64_t{50}})) == 0);
        CHECK(heard > 0);
    }
    CHECK(errors.empty());
}

TEST_CASE("an older Godot is told") {
    hidden = "classdb_register_extension_class3";
    {
        Godot godot;
        CHECK(!godot.running);
        CHECK(told("needs 4.3 or newer"));
    }
    hidden.clear();
}

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
