// Stands in for Godot's side of the extension interface: values, objects, classes, signals and a resource loader of its own behind the
// functions that extensions ask for by name. `live` counts what is not given back. Include doctest.h before it.
#ifndef SNN_TESTS_GODOT_HPP
#define SNN_TESTS_GODOT_HPP

#include "interface.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

// ---- Values -----------------------------------------------------------------------------------------------------------

struct Object;
struct Array;  // shared by those who have it
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
struct Rid {
    uint64_t id;
};
template <class T>
struct Packed {  // 16 bytes
    T* items;
    void* reserved;
};

using Any = std::variant<std::monostate, bool, int64_t, double, std::string, Name, Rid, Object*, std::shared_ptr<Array>, Bytes, Ints,
                         Floats, std::vector<std::string>>;
constexpr int type_of_alternative[] = {GODOT_NIL, GODOT_BOOL,   GODOT_INT,   GODOT_FLOAT, GODOT_STRING, GODOT_STRING_NAME,
                                       GODOT_RID, GODOT_OBJECT, GODOT_ARRAY, GODOT_BYTES, GODOT_INTS,   GODOT_FLOATS,
                                       GODOT_STRINGS};

// Variant: 24 bytes; nil owns nothing.
struct Variant {
    Any* value;
    void* reserved[2];
};
Variant& variant(const void* at) { return *static_cast<Variant*>(const_cast<void*>(at)); }

void reference(Object* object);
void unreference(Object* object);

struct Array {
    Array() = default;
    ~Array() {
        for (const Any& one : items) unreference(std::get<Object*>(one));
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    std::string class_name;  // of its objects
    std::vector<Any> items;
};

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
    std::string class_name{};
    void* instance = nullptr;
    bool counted = false;
    int references = 0;
    uint64_t id = 0;
    std::map<void*, void*> bindings;
    std::map<std::string, Any> properties;  // of Godot's own classes
    // Methods of Godot's own classes.
    std::function<Any(const std::string&, const std::vector<Any>&)> method{};
    std::vector<std::function<void(const std::string&, const std::vector<Any>&)>> connected;
};
std::vector<std::string> help;  // documents that the editor has
std::vector<Object*> loaders;
std::map<uint64_t, Object*> objects;  // by their ids, those that are there

void free_object(Object* object) {
    const auto found = classes.find(object->class_name);
    if (found != classes.end() && object->instance) found->second.info.free(found->second.info.user, object->instance);
    objects.erase(object->id);
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
    static uint64_t last_id = 0;
    auto* made = new Object;
    made->class_name = name;
    made->id = ++last_id;
    objects[made->id] = made;
    ++live;
    made->counted = name != "Node" && name != "RenderingDevice";
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
        case GODOT_BOOL: return put(out, *static_cast<uint8_t*>(in) != 0);
        case GODOT_INT: return put(out, *static_cast<int64_t*>(in));
        case GODOT_FLOAT: return put(out, *static_cast<double*>(in));
        case GODOT_STRING: return put(out, string_text(in));
        case GODOT_STRING_NAME: return put(out, *static_cast<Name*>(in));
        case GODOT_RID: return put(out, *static_cast<Rid*>(in));
        case GODOT_ARRAY: return put(out, *static_cast<std::shared_ptr<Array>**>(in)[0]);
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
        case GODOT_BOOL: *static_cast<uint8_t*>(out) = std::get<bool>(value); return;
        case GODOT_RID: *static_cast<Rid*>(out) = std::get<Rid>(value); return;
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
        case GODOT_STRINGS:
            new_packed<Strings>(out);
            for (const std::string& one : std::get<std::vector<std::string>>(value)) new_string(&packed<Strings>(out).emplace_back(), one);
            return;
    }
    FAIL("no such type");
}
template <int Type>
void to(void* out, void* in) { to_variant(Type, out, in); }
template <int Type>
void from(void* out, void* in) { from_variant(Type, out, in); }

Object* resource_loader() {
    static Object only = [] {
        Object made;
        made.class_name = "ResourceLoader";
        return made;
    }();
    return &only;
}

// A path of Godot's as the system has it; res:// and user:// are the same folder here.
std::string system_path(const std::string& path) {
    for (const char* root : {"res://", "user://"})
        if (path.starts_with(root)) return std::string(std::getenv("SNN_PROJECT")) + "/" + path.substr(std::strlen(root));
    return path;
}

Object* project_settings() {
    static Object only = [] {
        Object made;
        made.class_name = "ProjectSettings";
        made.method = [](const std::string& name, const std::vector<Any>& arguments) -> Any {
            REQUIRE(name == "globalize_path");
            return system_path(std::get<std::string>(arguments.at(0)));
        };
        return made;
    }();
    return &only;
}

// Methods of Godot's small classes: is_class, set_..., which keep a value, and add_id.
Any call_own(Object& object, const std::string& name, const std::vector<Any>& values) {
    if (name == "is_class") return object.class_name == std::get<std::string>(values.at(0));
    if (name == "add_id") object.properties["id"] = values.at(0);
    else if (name == "set_stage_bytecode")
        object.properties["stage_bytecode " + std::to_string(std::get<int64_t>(values.at(0)))] = values.at(1);
    else if (name.starts_with("set_")) object.properties[name.substr(4)] = values.at(0);
    else FAIL("no such method: " << name);
    return {};
}

void variant_call(void* self, const void* method, const void* const* arguments, int64_t count, void* out,
                  GodotCallError* error) {
    variant(out).value = nullptr;
    error->error = GODOT_CALL_OK;
    const std::string& name = name_text(method);
    if (const auto* array = std::get_if<std::shared_ptr<Array>>(&any(self))) {
        REQUIRE(name == "append");
        (*array)->items.push_back(any(arguments[0]));
        reference(std::get<Object*>((*array)->items.back()));
        CHECK(std::get<Object*>((*array)->items.back())->class_name == (*array)->class_name);
        return;
    }
    Object* object = std::get<Object*>(any(self));
    if (object->method || object->class_name.starts_with("RD") || name == "is_class") {
        std::vector<Any> values;
        for (int64_t i = 0; i < count; ++i) values.push_back(any(arguments[i]));
        Any result = object->method ? object->method(name, values) : call_own(*object, name, values);
        if (result.index() != 0) put(out, std::move(result));
        return;
    }
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

// What is behind the method binds of a class other than FileAccess.
std::function<const void*(const std::string& method, int64_t hash)> find_method = [](const std::string&, int64_t) { return nullptr; };
std::function<void(const void* bind, Object* object, const void* const* arguments, void* out)> call_method;

const int read_file_bind = 0;
void read_file(GodotObject object, const void* const* arguments, void* out) {
    CHECK(object == nullptr);  // static
    std::ifstream file(system_path(string_text(arguments[0])), std::ios::binary);
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
                 case GODOT_BOOL: return to<GODOT_BOOL>;
                 case GODOT_RID: return to<GODOT_RID>;
                 case GODOT_ARRAY: return to<GODOT_ARRAY>;
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
                 case GODOT_BOOL: return from<GODOT_BOOL>;
                 case GODOT_RID: return from<GODOT_RID>;
                 case GODOT_STRINGS: return from<GODOT_STRINGS>;
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
                 case GODOT_ARRAY:
                     return [](void* out, const void* const*) {
                         *static_cast<std::shared_ptr<Array>**>(out) = new auto(std::make_shared<Array>());
                         ++live;
                     };
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
                 case GODOT_ARRAY:
                     return [](void* at) {
                         delete *static_cast<std::shared_ptr<Array>**>(at);
                         --live;
                     };
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
        {"packed_string_array_operator_index_const",
         function(+[](const void* it, int64_t i) -> const void* { return &packed<Strings>(it).at(size_t(i)); })},
        {"packed_byte_array_operator_index_const",
         function(+[](const void* it, int64_t i) -> const uint8_t* { return &packed<Bytes>(it).at(size_t(i)); })},
        {"packed_float32_array_operator_index_const",
         function(+[](const void* it, int64_t i) -> const float* { return &packed<Floats>(it).at(size_t(i)); })},
        {"global_get_singleton", function(+[](const void* name) -> GodotObject {
             if (name_text(name) == "ProjectSettings") return project_settings();
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
        {"classdb_get_method_bind", function(+[](const void* name, const void* method, int64_t hash) -> const void* {
             if (name_text(name) == "RenderingDevice") return find_method(name_text(method), hash);
             const bool known = name_text(name) == "FileAccess" && name_text(method) == "get_file_as_bytes";
             return known && hash == 659035735 ? &read_file_bind : nullptr;
         })},
        {"object_method_bind_ptrcall", function(+[](void* bind, GodotObject object, const void* const* arguments, void* out) {
             if (bind == &read_file_bind) read_file(object, arguments, out);
             else call_method(bind, static_cast<Object*>(object), arguments, out);
         })},
        {"object_get_instance_id", function(+[](GodotObject it) { return static_cast<Object*>(it)->id; })},
        {"object_get_instance_from_id", function(+[](uint64_t id) -> GodotObject {
             const auto found = objects.find(id);
             return found == objects.end() ? nullptr : found->second;
         })},
        {"array_set_typed", function(+[](void* array, int32_t type, const void* class_name, const void* script) {
             CHECK(type == GODOT_OBJECT);
             CHECK(any(script).index() == 0);
             static_cast<std::shared_ptr<Array>**>(array)[0][0]->class_name = name_text(class_name);
         })},
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
        {"editor_help_load_xml_from_utf8_chars", function(+[](const char* xml) { help.push_back(xml); })},
        {"classdb_unregister_extension_class", function(+[](void*, const void* name) { classes.erase(name_text(name)); })},
    };
    return functions;
}

GodotFunction get_function(const char* name) {
    const auto found = interface().find(name);
    return found == interface().end() || name == hidden ? nullptr : found->second;
}

}  // namespace

#endif
