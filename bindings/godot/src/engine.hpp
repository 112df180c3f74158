// Godot's values and classes for this extension: strings, packed arrays, variants, and methods that are described by data.
#ifndef SNN_GODOT_ENGINE_HPP
#define SNN_GODOT_ENGINE_HPP

#include "interface.h"

#include <cstdint>
#include <cstring>
#include <snn/snn.hpp>
#include <string>
#include <vector>

namespace godot_snn {

struct Functions {
#define SNN_GODOT_MEMBER(member, name, result, arguments) result(*member) arguments;
    SNN_GODOT_FUNCTIONS(SNN_GODOT_MEMBER)
#undef SNN_GODOT_MEMBER
};
extern Functions godot;
extern void* library;  // the token of this extension

// Takes the functions from Godot; false, with a message in Godot's log where that is possible, when one is missing.
bool connect(GodotGetFunction get, void* library_token);

// ---- Values -----------------------------------------------------------------------------------------------------------

class StringName {
public:
    explicit StringName(const char* text) { godot.string_name(data_, text); }
    ~StringName() { godot.destructor(GODOT_STRING_NAME)(data_); }
    StringName(const StringName&) = delete;
    StringName& operator=(const StringName&) = delete;
    void* get() { return data_; }
    // Godot keeps one copy of each name: equal names are the same pointer.
    bool is(const void* name) const { return std::memcmp(data_, name, sizeof data_) == 0; }

private:
    alignas(8) unsigned char data_[8];
};

class Variant {
public:
    Variant() = default;  // nil
    Variant(int type, const void* value) { godot.to_variant(type)(data_, const_cast<void*>(value)); }
    explicit Variant(int64_t number) : Variant(GODOT_INT, &number) {}
    // What a method of an object or an array, called by its name, returns; nil, and a line in the log, when it is refused.
    Variant(Variant& self, const char* method, std::initializer_list<Variant*> arguments);
    ~Variant() { godot.variant_destroy(data_); }
    Variant(const Variant&) = delete;
    Variant& operator=(const Variant&) = delete;
    void* get() { return data_; }
    int type() const { return godot.variant_type(data_); }
    // The value itself, of a type without a destructor.
    template <int Type, class T>
    T as() {
        T value{};
        if (type() == Type) godot.from_variant(Type)(&value, data_);
        return value;
    }

private:
    alignas(8) unsigned char data_[24] = {};
};

// A value of a type that Godot knows, in memory of the size of the largest. Owns it.
template <int Type>
class Value {
public:
    Value() { godot.constructor(Type, 0)(data_, nullptr); }
    explicit Value(Variant& of) { godot.from_variant(Type)(data_, of.get()); }  // of one of this type
    ~Value() { godot.destructor(Type)(data_); }
    Value(const Value&) = delete;
    Value& operator=(const Value&) = delete;
    void* get() { return data_; }
    const void* get() const { return data_; }

private:
    alignas(8) unsigned char data_[16];
};

std::string text(const void* string);                 // of a String
void set_text(void* string, const std::string& text);  // a String that is there
snn::Span<const float> floats(const void* array);      // of a PackedFloat32Array, while nothing else uses it
snn::Span<const uint8_t> bytes(const void* array);
void set_bytes(void* array, const uint8_t* values, std::size_t count);
void set_ints(void* array, const uint32_t* values, std::size_t count);
float* resized_floats(void* array, std::size_t count);
std::vector<std::string> strings(const void* array);
void set_strings(void* array, const std::vector<std::string>& texts);

// ---- Errors -----------------------------------------------------------------------------------------------------------

// Tells Godot's log.
void print_error(const char* function, const std::string& sentence);
// A status of libsnn as a value of Godot's enum Error.
int64_t godot_error(SNNStatus status);

// Runs `function`; what it throws is printed and returned as a value of Godot's enum Error, 0 (OK) else.
template <class Function>
int64_t guarded(const char* name, Function function) {
    try {
        function();
        return 0;
    } catch (const snn::Error& error) {
        print_error(name, error.what());
        return godot_error(error.status());
    } catch (const std::exception& error) {
        print_error(name, error.what());
        return 1;
    }
}

// ---- Classes ----------------------------------------------------------------------------------------------------------

struct Type {
    constexpr Type(int type, const char* class_name = "") : type(type), class_name(class_name) {}
    int type;
    const char* class_name;  // of GODOT_OBJECT; of GODOT_INT the enumeration, "" for any number
};
constexpr Type error_type{GODOT_INT, "Error"};

struct Argument {
    const char* name;
    Type type;
    uint32_t hint = GODOT_HINT_NONE;
    const char* hint_text = "";
};

struct Method {
    const char* name;
    std::vector<Argument> arguments;
    Type result;  // GODOT_NIL: none
    void (*run)(void* instance, const void* const* arguments, void* out_result);  // values of the types above
    uint32_t flags = GODOT_METHOD_NORMAL;
};

struct Property {
    Argument info;
    const char *setter, *getter;
    uint32_t usage = GODOT_USAGE_DEFAULT;
};

struct Signal {
    const char* name;
    std::vector<Argument> arguments;
};

struct Constant {
    const char *enumeration, *name;
    int64_t value;
};

struct Override {
    const char* name;
    GodotVirtual function;
};

// Lives as long as the extension.
struct Class {
    const char *name, *parent;
    bool is_runtime;  // in the editor a placeholder stands for it
    void* (*create)(GodotObject object);
    void (*free)(void* instance);
    std::vector<Method> methods;
    std::vector<Property> properties;
    std::vector<Signal> signals;
    std::vector<Constant> constants;
    std::vector<Override> overrides;
};

void register_class(const Class& description);
void unregister_class(const Class& description);
GodotObject make(const char* class_name);
// The instance of this extension behind an object, null for null and for objects of others.
void* instance_of(GodotObject object);

template <class T>
const T& value(const void* argument) {
    return *static_cast<const T*>(argument);
}

// ---- The classes of this extension ------------------------------------------------------------------------------------

const Class& network_resource_class();
const Class& network_loader_class();
const Class& spiking_network_class();
const Class& compute_network_class();
// The network of an object of network_resource_class(), null when there is none or the object is another one.
const snn::Network* network_of(GodotObject resource);

}  // namespace godot_snn
#endif
