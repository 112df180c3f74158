// Godot's RenderingDevice, as far as the plan of a step (snn_vulkan.h) needs it. Calls that make something go by the methods' names;
// those of every dispatch through method binds.
#ifndef SNN_GODOT_RENDERING_DEVICE_HPP
#define SNN_GODOT_RENDERING_DEVICE_HPP

#include "engine.hpp"

#include <map>
#include <memory>
#include <set>
#include <snn/snn_vulkan.hpp>
#include <vector>

namespace godot_snn {

using Rid = uint64_t;  // 0: none

// A compute shader as RenderingDevice wants it:
// - It takes no buffer for read only. RenderingDevice orders compute lists by what each does with a buffer, and takes the first use in
//   a list for all of them.
// - Its push constants are a multiple of 16 bytes. Godot rounds their size up before version 4.7 and does not from it on, and
//   demands that so many are given.
// - It has constants where the plan's has specialisation constants, which is one thing less to tell Godot.
// - It has an OpNop before each OpReturn, which does nothing and which the optimiser of Godot 4.6, re-spirv, does not know: it leaves
//   the module as it is then. It does not count uses of a value by an OpPhi in an earlier block and removes the counters of loops.
struct ComputeShader {
    explicit ComputeShader(const SNNVulkanPlanShader& shader);
    std::vector<uint32_t> spirv;
    std::set<uint32_t> bindings;  // that the module has, in set 0
    uint32_t push_bytes = 0;
};

// Functions throw snn::Error when Godot refuses; Godot's own log says why. Everything that was made is freed with this.
// Thread-safety: as RenderingDevice's: the main one is for the render thread.
class RenderingDevice {
public:
    explicit RenderingDevice(GodotObject object);
    ~RenderingDevice();
    RenderingDevice(const RenderingDevice&) = delete;
    RenderingDevice& operator=(const RenderingDevice&) = delete;

    Rid make_shader(const ComputeShader& shader);
    Rid make_pipeline(Rid shader);
    Rid make_buffer(const void* contents, std::size_t size_bytes);
    // The buffers of bindings 0, 1, ... of set 0, of those that the shader has.
    Rid make_set(Rid shader, const ComputeShader& about, const std::vector<Rid>& buffers);

    void update(Rid buffer, const void* data, std::size_t size_bytes);
    void clear(Rid buffer, std::size_t size_bytes);
    // Waits for the GPU.
    void read(Rid buffer, std::size_t offset_bytes, std::size_t size_bytes, void* out_data);

    // What does not change from step to step, so that a dispatch makes nothing.
    struct Dispatch {
        Rid pipeline, set;
        bool barrier;
        int64_t groups[3];
        Value<GODOT_BYTES> push;  // [push_bytes] of the shader
        int64_t push_bytes;
    };
    using Dispatches = std::vector<std::unique_ptr<Dispatch>>;
    // The dispatches, so many times, in one compute list.
    void record(const Dispatches& dispatches, uint64_t times);

private:
    GodotObject object() const;
    Rid made(Variant& rid, const char* what);
    template <class... Arguments>
    void call_bind(void* bind, GodotObject object, void* out_result, const Arguments&... arguments);

    uint64_t id_;
    std::vector<Rid> made_;
    void *begin_, *bind_pipeline_, *bind_set_, *push_, *dispatch_, *barrier_, *end_;
};

}  // namespace godot_snn
#endif
