#include "engine.hpp"

#include <algorithm>

namespace godot_snn {

Functions godot;
void* library = nullptr;

namespace {

// Hashes of the signatures of built-in methods; the same since Godot 4.1.
constexpr int64_t size_hash = 3173160232, resize_hash = 848867239;

std::size_t size(int type, const void* array) {
    int64_t count = 0;
    godot.builtin_method(type, StringName("size").get(), size_hash)(const_cast<void*>(array), nullptr, &count, 0);
    return static_cast<std::size_t>(count);
}

void resize(int type, void* array, std::size_t count) {
    const int64_t wanted = static_cast<int64_t>(count);
    const void* arguments[] = {&wanted};
    int64_t result = 0;
    godot.builtin_method(type, StringName("resize").get(), resize_hash)(array, arguments, &result, 1);
}

void* create_binding(void*, void*) { return nullptr; }  // objects of others have none
void free_binding(void*, void*, void*) {}
uint8_t reference_binding(void*, void*, uint8_t) { return 1; }
constexpr GodotBindingCallbacks binding_callbacks{create_binding, free_binding, reference_binding};

// Names and hints that a GodotPropertyInfo points at.
struct Info {
    explicit Info(const Argument& argument, uint32_t usage = GODOT_USAGE_DEFAULT)
        : name(argument.name), class_name(argument.type.class_name) {
        set_text(hint_text.get(), argument.hint_text);
        if (argument.type.type == GODOT_INT && *argument.type.class_name) usage |= GODOT_USAGE_ENUM;
        raw = {argument.type.type, name.get(), class_name.get(), argument.hint, hint_text.get(), usage};
    }
    StringName name, class_name;
    Value<GODOT_STRING> hint_text;
    GodotPropertyInfo raw;
};

struct Infos {
    explicit Infos(const std::vector<Argument>& arguments) {
        for (const Argument& one : arguments) {
            kept.push_back(std::make_unique<Info>(one));
            raw.push_back(kept.back()->raw);
        }
    }
    std::vector<std::unique_ptr<Info>> kept;
    std::vector<GodotPropertyInfo> raw;
};

bool is_plain(int type) {
    return type == GODOT_INT || type == GODOT_FLOAT || type == GODOT_BOOL || type == GODOT_OBJECT || type == GODOT_RID;
}

// Whether Godot makes a value of type `wanted` of a Variant of type `given` without loss of meaning.
bool converts(int given, int wanted) {
    if (given == wanted) return true;
    switch (wanted) {
        case GODOT_FLOAT: return given == GODOT_INT;
        case GODOT_INT: return given == GODOT_FLOAT;
        case GODOT_STRING: return given == GODOT_STRING_NAME;
        case GODOT_OBJECT: return given == GODOT_NIL;
        case GODOT_FLOATS:
        case GODOT_STRINGS: return given == GODOT_ARRAY;
        default: return false;
    }
}

// A value made of a Variant, or an empty one for a result.
struct Slot {
    explicit Slot(int type) : type(type) {
        if (!is_plain(type) && type != GODOT_NIL) godot.constructor(type, 0)(data, nullptr);
    }
    Slot(int type, const void* variant) : type(type) { godot.from_variant(type)(data, const_cast<void*>(variant)); }
    ~Slot() {
        if (!is_plain(type) && type != GODOT_NIL) godot.destructor(type)(data);
    }
    int type;
    alignas(8) unsigned char data[16] = {};
};

void call_with_variants(void* user, void* instance, const void* const* variants, int64_t count, void* out_result,
                        GodotCallError* out_error) {
    const Method& method = *static_cast<const Method*>(user);
    const int64_t wanted = static_cast<int64_t>(method.arguments.size());
    out_error->error = GODOT_CALL_OK;
    if (count != wanted) {
        *out_error = {count < wanted ? GODOT_CALL_TOO_FEW : GODOT_CALL_TOO_MANY, 0, static_cast<int32_t>(wanted)};
        return;
    }
    for (int32_t i = 0; i < count; ++i) {
        const int type = method.arguments[static_cast<std::size_t>(i)].type.type;
        if (converts(godot.variant_type(variants[i]), type)) continue;
        *out_error = {GODOT_CALL_INVALID_ARGUMENT, i, type};
        return;
    }
    std::vector<std::unique_ptr<Slot>> slots;
    std::vector<const void*> values;
    for (std::size_t i = 0; i < method.arguments.size(); ++i) {
        slots.push_back(std::make_unique<Slot>(method.arguments[i].type.type, variants[i]));
        values.push_back(slots.back()->data);
    }
    const int type = method.result.type;
    Slot result(type);
    method.run(instance, values.data(), result.data);
    if (type == GODOT_NIL) return;
    // Godot gives a Variant that is nil and owns nothing, so it is written over.
    godot.to_variant(type)(out_result, result.data);
    if (type == GODOT_OBJECT) godot.ref_set(result.data, nullptr);
}

void call_with_values(void* user, void* instance, const void* const* values, void* out_result) {
    static_cast<const Method*>(user)->run(instance, values, out_result);
}

GodotObject create(void* user) {
    const Class& description = *static_cast<const Class*>(user);
    const GodotObject object = godot.construct_object(StringName(description.parent).get());
    void* instance = description.create(object);
    godot.set_instance(object, StringName(description.name).get(), instance);
    godot.set_binding(object, library, instance, &binding_callbacks);
    return object;
}

void free_instance(void* user, void* instance) { static_cast<const Class*>(user)->free(instance); }

GodotVirtual get_virtual(void* user, const void* name) {
    for (const Override& one : static_cast<const Class*>(user)->overrides)
        if (StringName(one.name).is(name)) return one.function;
    return nullptr;
}

void register_method(StringName& class_name, const Method& method) {
    StringName name(method.name);
    Infos arguments(method.arguments);
    Info result({"", method.result});
    std::vector<int32_t> metadata(method.arguments.size(), 0);
    GodotMethodInfo info{};
    info.name = name.get();
    info.user = const_cast<Method*>(&method);
    info.call = call_with_variants;
    info.pointer_call = call_with_values;
    info.flags = method.flags;
    info.has_result = method.result.type != GODOT_NIL;
    info.result = &result.raw;
    info.argument_count = static_cast<uint32_t>(method.arguments.size());
    info.arguments = arguments.raw.data();
    info.argument_metadata = metadata.data();
    godot.register_method(library, class_name.get(), &info);
}

}  // namespace

bool connect(GodotGetFunction get, void* library_token) {
    library = library_token;
    const char* missing = nullptr;
#define SNN_GODOT_LOAD(member, name, result, arguments)                       \
    godot.member = reinterpret_cast<result(*) arguments>(get(name));          \
    if (!godot.member) missing = name;
    SNN_GODOT_FUNCTIONS(SNN_GODOT_LOAD)
#undef SNN_GODOT_LOAD
    if (missing && godot.print_error)
        print_error("snn_godot_init", std::string("this Godot has no ") + missing + "; snn needs 4.3 or newer");
    return !missing;
}

std::string text(const void* string) {
    const int64_t count = godot.string_text(string, nullptr, 0);
    std::string made(static_cast<std::size_t>(count), '\0');
    godot.string_text(string, made.data(), count);
    return made;
}

void set_text(void* string, const std::string& text) {
    godot.destructor(GODOT_STRING)(string);
    godot.string(string, text.c_str());
}

snn::Span<const float> floats(const void* array) {
    const std::size_t count = size(GODOT_FLOATS, array);
    return {count ? godot.floats_at_const(array, 0) : nullptr, count};
}

snn::Span<const uint8_t> bytes(const void* array) {
    const std::size_t count = size(GODOT_BYTES, array);
    return {count ? godot.bytes_at_const(array, 0) : nullptr, count};
}

void set_bytes(void* array, const uint8_t* values, std::size_t count) {
    resize(GODOT_BYTES, array, count);
    if (count) std::copy_n(values, count, godot.bytes_at(array, 0));
}

void set_ints(void* array, const uint32_t* values, std::size_t count) {
    resize(GODOT_INTS, array, count);
    if (count) std::transform(values, values + count, godot.ints_at(array, 0), [](uint32_t i) { return int32_t(i); });
}

float* resized_floats(void* array, std::size_t count) {
    resize(GODOT_FLOATS, array, count);
    return count ? godot.floats_at(array, 0) : nullptr;
}

std::vector<std::string> strings(const void* array) {
    std::vector<std::string> texts;
    for (std::size_t i = 0, count = size(GODOT_STRINGS, array); i < count; ++i)
        texts.push_back(text(godot.strings_at_const(array, static_cast<int64_t>(i))));
    return texts;
}

void set_strings(void* array, const std::vector<std::string>& texts) {
    resize(GODOT_STRINGS, array, texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) set_text(godot.strings_at(array, static_cast<int64_t>(i)), texts[i]);
}

Variant::Variant(Variant& self, const char* method, std::initializer_list<Variant*> arguments) {
    std::vector<const void*> variants;
    for (Variant* one : arguments) variants.push_back(one->get());
    GodotCallError error{};
    godot.variant_call(self.get(), StringName(method).get(), variants.data(), static_cast<int64_t>(variants.size()), data_, &error);
    if (error.error != GODOT_CALL_OK) print_error(method, "Godot refused the call");
}

void print_error(const char* function, const std::string& sentence) {
    godot.print_error(sentence.c_str(), function, "addons/snn", 0, 1);
}

int64_t godot_error(SNNStatus status) {
    switch (status) {
        case SNN_OK: return 0;
        case SNN_ERROR_UNSUPPORTED: return 2;        // ERR_UNAVAILABLE
        case SNN_ERROR_STATE: return 3;              // ERR_UNCONFIGURED
        case SNN_ERROR_OUT_OF_MEMORY: return 6;      // ERR_OUT_OF_MEMORY
        case SNN_ERROR_FORMAT: return 16;            // ERR_FILE_CORRUPT
        case SNN_ERROR_IO: return 19;                // ERR_CANT_OPEN
        case SNN_ERROR_INVALID_ARGUMENT: return 31;  // ERR_INVALID_PARAMETER
        case SNN_ERROR_NOT_FOUND: return 33;         // ERR_DOES_NOT_EXIST
        case SNN_ERROR_BUSY: return 44;              // ERR_BUSY
        default: return 1;                           // FAILED
    }
}

void register_class(const Class& description) {
    StringName name(description.name);
    GodotClassInfo info{};
    info.is_exposed = 1;
    info.is_runtime = description.is_runtime;
    info.create = create;
    info.free = free_instance;
    info.get_virtual = get_virtual;
    info.user = const_cast<Class*>(&description);
    godot.register_class(library, name.get(), StringName(description.parent).get(), &info);
    for (const Method& method : description.methods) register_method(name, method);
    for (const Property& property : description.properties) {
        Info about(property.info, property.usage);
        godot.register_property(library, name.get(), &about.raw, StringName(property.setter).get(),
                                StringName(property.getter).get());
    }
    for (const Signal& signal : description.signals) {
        Infos arguments(signal.arguments);
        godot.register_signal(library, name.get(), StringName(signal.name).get(), arguments.raw.data(),
                              static_cast<int64_t>(arguments.raw.size()));
    }
    for (const Constant& one : description.constants)
        godot.register_constant(library, name.get(), StringName(one.enumeration).get(), StringName(one.name).get(), one.value, 0);
}

void unregister_class(const Class& description) {
    godot.unregister_class(library, StringName(description.name).get());
}

GodotObject make(const char* class_name) { return godot.construct_object(StringName(class_name).get()); }

void* instance_of(GodotObject object) {
    return object ? godot.get_binding(object, library, &binding_callbacks) : nullptr;
}

}  // namespace godot_snn
