#include "rendering_device.hpp"

#include <algorithm>

namespace godot_snn {

namespace {

// Of Godot's enumerations.
constexpr int64_t stage_compute = 4, type_storage_buffer = 8;

struct Hashed {
    const char* name;
    int64_t hash;  // of the method's signature; the same from 4.3 on
};
constexpr Hashed begin_list{"compute_list_begin", 2455072627}, bind_pipeline{"compute_list_bind_compute_pipeline", 4040184819},
    bind_set{"compute_list_bind_uniform_set", 749655778}, set_push{"compute_list_set_push_constant", 2772371345},
    dispatch_groups{"compute_list_dispatch", 4275841770}, add_barrier{"compute_list_add_barrier", 1286410249},
    end_list{"compute_list_end", 3218959716};

void* method_bind(const Hashed& method) {
    void* found = godot.method_bind(StringName("RenderingDevice").get(), StringName(method.name).get(), method.hash);
    if (!found)
        throw snn::Error(SNN_ERROR_UNSUPPORTED,
                         (std::string("this Godot has no RenderingDevice.") + method.name + " as snn knows it").c_str());
    return found;
}

// A new object of one of Godot's classes that are counted.
struct Made : Variant {
    explicit Made(const char* class_name) : Made(make(class_name)) {}

private:
    explicit Made(GodotObject object) : Variant(GODOT_OBJECT, &object) {}
};

struct BytesVariant : Variant {
    BytesVariant(const void* data, std::size_t size) : BytesVariant(data, size, {}) {}

private:
    BytesVariant(const void* data, std::size_t size, Value<GODOT_BYTES>&& bytes)
        : Variant(GODOT_BYTES, (set_bytes(bytes.get(), static_cast<const uint8_t*>(data), size), bytes.get())) {}
};

struct RidVariant : Variant {
    explicit RidVariant(Rid rid) : Variant(GODOT_RID, &rid) {}
};

// An empty array of objects of a class.
struct ArrayVariant : Variant {
    explicit ArrayVariant(const char* class_name) : ArrayVariant(class_name, {}) {}

private:
    ArrayVariant(const char* class_name, Value<GODOT_ARRAY>&& array) : Variant(GODOT_ARRAY, typed(class_name, array)) {}
    static void* typed(const char* class_name, Value<GODOT_ARRAY>& array) {
        Variant no_script;
        godot.set_typed(array.get(), GODOT_OBJECT, StringName(class_name).get(), no_script.get());
        return array.get();
    }
};

void set(Variant& object, const char* setter, int64_t value) {
    Variant number(value);
    const Variant nothing(object, setter, {&number});
}

}  // namespace

RenderingDevice::RenderingDevice(GodotObject object) {
    if (!object)
        throw snn::Error(SNN_ERROR_INVALID_ARGUMENT,
                         "device is null; RenderingServer.get_rendering_device() gives one with the renderers Forward+ and Mobile");
    Variant self(GODOT_OBJECT, &object);
    Value<GODOT_STRING> name;
    set_text(name.get(), "RenderingDevice");
    Variant class_name(GODOT_STRING, name.get()), is_device(self, "is_class", {&class_name});
    if (!is_device.as<GODOT_BOOL, uint8_t>()) throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, "device is no RenderingDevice");
    id_ = godot.instance_id(object);
    begin_ = method_bind(begin_list);
    bind_pipeline_ = method_bind(bind_pipeline);
    bind_set_ = method_bind(bind_set);
    push_ = method_bind(set_push);
    dispatch_ = method_bind(dispatch_groups);
    barrier_ = method_bind(add_barrier);
    end_ = method_bind(end_list);
}

RenderingDevice::~RenderingDevice() {
    GodotObject object = godot.object_of(id_);
    if (!object) return;  // it has freed everything
    Variant self(GODOT_OBJECT, &object);
    for (auto rid = made_.rbegin(); rid != made_.rend(); ++rid) {
        RidVariant one(*rid);
        const Variant nothing(self, "free_rid", {&one});
    }
}

GodotObject RenderingDevice::object() const {
    const GodotObject object = godot.object_of(id_);
    if (!object) throw snn::Error(SNN_ERROR_STATE, "the RenderingDevice that this network was opened on is gone");
    return object;
}

Rid RenderingDevice::made(Variant& rid, const char* what) {
    const Rid number = rid.as<GODOT_RID, Rid>();
    if (!number)
        throw snn::Error(SNN_ERROR_UNSUPPORTED, (std::string("Godot's RenderingDevice made no ") + what + "; its log says why").c_str());
    made_.push_back(number);
    return number;
}

Rid RenderingDevice::make_shader(const ComputeShader& shader) {
    GodotObject it = object();
    Made description("RDShaderSPIRV");
    Variant self(GODOT_OBJECT, &it), stage(stage_compute);
    BytesVariant code(shader.spirv.data(), shader.spirv.size() * 4);
    const Variant nothing(description, "set_stage_bytecode", {&stage, &code});
    Variant rid(self, "shader_create_from_spirv", {&description});
    return made(rid, "shader");
}

Rid RenderingDevice::make_pipeline(Rid shader) {
    GodotObject it = object();
    Variant self(GODOT_OBJECT, &it);
    RidVariant of(shader);
    Variant rid(self, "compute_pipeline_create", {&of});
    return made(rid, "pipeline");
}

Rid RenderingDevice::make_buffer(const void* contents, std::size_t size_bytes) {
    GodotObject it = object();
    Variant self(GODOT_OBJECT, &it), size(static_cast<int64_t>(size_bytes));
    BytesVariant data(contents, size_bytes);
    Variant rid(self, "storage_buffer_create", {&size, &data});
    return made(rid, "buffer");
}

Rid RenderingDevice::make_set(Rid shader, const ComputeShader& about, const std::vector<Rid>& buffers) {
    GodotObject it = object();
    ArrayVariant uniforms("RDUniform");
    for (const uint32_t binding : about.bindings) {
        Made uniform("RDUniform");
        set(uniform, "set_uniform_type", type_storage_buffer);
        set(uniform, "set_binding", binding);
        RidVariant buffer(buffers.at(binding));
        const Variant nothing(uniform, "add_id", {&buffer}), nothing_more(uniforms, "append", {&uniform});
    }
    Variant self(GODOT_OBJECT, &it), number(int64_t{0});
    RidVariant of(shader);
    Variant rid(self, "uniform_set_create", {&uniforms, &of, &number});
    return made(rid, "uniform set");
}

void RenderingDevice::update(Rid buffer, const void* data, std::size_t size_bytes) {
    GodotObject it = object();
    Variant self(GODOT_OBJECT, &it), offset(int64_t{0}), size(static_cast<int64_t>(size_bytes));
    RidVariant of(buffer);
    BytesVariant values(data, size_bytes);
    Variant error(self, "buffer_update", {&of, &offset, &size, &values});
    if (error.as<GODOT_INT, int64_t>() != 0)
        throw snn::Error(SNN_ERROR_UNSUPPORTED, "Godot's RenderingDevice did not update a buffer; its log says why");
}

void RenderingDevice::clear(Rid buffer, std::size_t size_bytes) {
    GodotObject it = object();
    Variant self(GODOT_OBJECT, &it), offset(int64_t{0}), size(static_cast<int64_t>(size_bytes));
    RidVariant of(buffer);
    Variant error(self, "buffer_clear", {&of, &offset, &size});
    if (error.as<GODOT_INT, int64_t>() != 0)
        throw snn::Error(SNN_ERROR_UNSUPPORTED, "Godot's RenderingDevice did not clear a buffer; its log says why");
}

void RenderingDevice::read(Rid buffer, std::size_t offset_bytes, std::size_t size_bytes, void* out_data) {
    GodotObject it = object();
    Variant self(GODOT_OBJECT, &it), offset(static_cast<int64_t>(offset_bytes)), size(static_cast<int64_t>(size_bytes));
    RidVariant of(buffer);
    Variant values(self, "buffer_get_data", {&of, &offset, &size});
    if (values.type() == GODOT_BYTES) {
        const Value<GODOT_BYTES> read(values);
        const snn::Span<const uint8_t> found = bytes(read.get());
        if (found.size() == size_bytes) {
            std::copy(found.begin(), found.end(), static_cast<uint8_t*>(out_data));
            return;
        }
    }
    throw snn::Error(SNN_ERROR_UNSUPPORTED, "Godot's RenderingDevice gave no data of a buffer; its log says why");
}

template <class... Arguments>
void RenderingDevice::call_bind(void* bind, GodotObject object, void* out_result, const Arguments&... arguments) {
    const void* const pointers[] = {static_cast<const void*>(&arguments)..., nullptr};
    godot.call_method_bind(bind, object, pointers, out_result);
}

void RenderingDevice::record(const Dispatches& dispatches, uint64_t times) {
    if (!times) return;
    const GodotObject it = object();
    int64_t list = -1;
    call_bind(begin_, it, &list);
    if (list < 0)
        throw snn::Error(SNN_ERROR_UNSUPPORTED,
                         "Godot's RenderingDevice began no compute list; its log says why (the main one is for the render thread)");
    constexpr int64_t first_set = 0;
    for (uint64_t i = 0; i < times; ++i)
        for (const auto& one : dispatches) {
            // Lists wait for each other by themselves.
            if (one->barrier && (i || &one != &dispatches.front())) call_bind(barrier_, it, nullptr, list);
            call_bind(bind_pipeline_, it, nullptr, list, one->pipeline);
            call_bind(bind_set_, it, nullptr, list, one->set, first_set);
            const void* const push[] = {&list, one->push.get(), &one->push_bytes};
            godot.call_method_bind(push_, it, push, nullptr);
            call_bind(dispatch_, it, nullptr, list, one->groups[0], one->groups[1], one->groups[2]);
        }
    call_bind(end_, it, nullptr);
}

}  // namespace godot_snn
