// Stands in for Godot's RenderingDevice: what plug-ins make and record is checked as Godot 4.3 to 4.7 check it, and runs on a Vulkan
// device of its own. Methods are found by their names, as scripts call them; those of compute lists have method binds as well.
// Include godot.hpp before it.
#ifndef SNN_TESTS_RENDERING_DEVICE_HPP
#define SNN_TESTS_RENDERING_DEVICE_HPP

#define HOST_REQUIRE(condition) REQUIRE(condition)
#include "../vulkan_device.hpp"

#include <array>
#include <memory>
#include <optional>

namespace {

class Rendering {
public:
    Rendering() {
        for (uint32_t i = 0; i < bindings_.size(); ++i)
            bindings_[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
        VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
        pool.queueFamilyIndex = vulkan_.family;
        vk(vkCreateCommandPool(vulkan_.device, &pool, nullptr, &pool_));
    }
    ~Rendering() {
        CHECK(made_.empty());  // everything was given back
        CHECK(!list_);
        vkDestroyCommandPool(vulkan_.device, pool_, nullptr);
    }

    // A method by its name; `out` stays nil where it returns nothing.
    Any call(const std::string& name, const std::vector<Any>& a) {
        if (name == "is_class") return std::get<std::string>(a.at(0)) == "RenderingDevice" || std::get<std::string>(a[0]) == "Object";
        if (name == "shader_create_from_spirv") return make_shader(*std::get<Object*>(a.at(0)));
        if (name == "compute_pipeline_create") return make_pipeline(std::get<Rid>(a.at(0)));
        if (name == "storage_buffer_create") return make_buffer(std::get<int64_t>(a.at(0)), std::get<Bytes>(a.at(1)));
        if (name == "uniform_set_create") {
            CHECK(std::get<int64_t>(a.at(2)) == 0);
            return make_set(*std::get<std::shared_ptr<Array>>(a.at(0)), std::get<Rid>(a.at(1)));
        }
        if (name == "buffer_update")
            return update(std::get<Rid>(a.at(0)), std::get<int64_t>(a.at(1)), std::get<int64_t>(a.at(2)), &std::get<Bytes>(a.at(3)));
        if (name == "buffer_clear")
            return update(std::get<Rid>(a.at(0)), std::get<int64_t>(a.at(1)), std::get<int64_t>(a.at(2)), nullptr);
        if (name == "buffer_get_data") {
            const Buffer& buffer = made_.at(std::get<Rid>(a.at(0)).id)->buffer;
            CHECK(!list_);
            const auto* from = static_cast<const uint8_t*>(buffer.mapped) + std::get<int64_t>(a.at(1));
            return Bytes(from, from + std::get<int64_t>(a.at(2)));
        }
        if (name == "free_rid") {
            free(std::get<Rid>(a.at(0)));
            return {};
        }
        FAIL("RenderingDevice has no " << name);
        return {};
    }

    // Methods by the hash of their signature.
    using Bind = void (*)(Rendering&, const void* const*, void*);
    static const Bind* find(const std::string& name, int64_t hash) {
        static const std::map<std::pair<std::string, int64_t>, Bind> binds{
            {{"compute_list_begin", 2455072627},
             [](Rendering& it, const void* const*, void* out) { *static_cast<int64_t*>(out) = it.begin(); }},
            {{"compute_list_bind_compute_pipeline", 4040184819},
             [](Rendering& it, const void* const* a, void*) { it.list(a).pipeline = it.made(a[1]); }},
            {{"compute_list_bind_uniform_set", 749655778},
             [](Rendering& it, const void* const* a, void*) {
                 CHECK(number(a[2]) == 0);
                 it.list(a).set = it.made(a[1]);
             }},
            {{"compute_list_set_push_constant", 2772371345},
             [](Rendering& it, const void* const* a, void*) {
                 List& list = it.list(a);
                 list.push = packed<Bytes>(a[1]);
                 CHECK(list.push.size() == static_cast<std::size_t>(number(a[2])));
                 CHECK(list.push.size() == list.pipeline->shader->push_bytes);
             }},
            {{"compute_list_dispatch", 4275841770},
             [](Rendering& it, const void* const* a, void*) {
                 it.list(a);
                 it.dispatch(uint32_t(number(a[1])), uint32_t(number(a[2])), uint32_t(number(a[3])));
             }},
            {{"compute_list_add_barrier", 1286410249},
             [](Rendering& it, const void* const* a, void*) {
                 it.list(a).writes.clear();
                 it.barrier();
             }},
            {{"compute_list_end", 3218959716}, [](Rendering& it, const void* const*, void*) { it.end(); }},
        };
        const auto found = binds.find({name, hash});
        return found == binds.end() ? nullptr : &found->second;
    }

    // What Godot does when a device ends before those who made something on it.
    void free_all() {
        for (const bool sets : {true, false})  // sets first
            for (auto next = made_.begin(); next != made_.end();) {
                const auto one = next++;
                if (one->second->buffers.empty() != sets) free({one->first});
            }
    }

    bool is_render_thread = true;  // as far as compute lists ask
    bool is_full = false;          // makes no buffer any more
    std::size_t buffer_count() const {
        return static_cast<std::size_t>(std::count_if(made_.begin(), made_.end(), [](const auto& one) { return one.second->buffer.buffer; }));
    }

private:
    struct Shader {
        std::map<uint32_t, bool> bindings;  // whether the shader may write
        std::size_t push_bytes = 0;
        VkShaderModule module;
    };
    struct Thing {  // what a Rid is of
        Buffer buffer{};
        std::shared_ptr<Shader> shader;  // of a shader, pipeline or set
        VkPipeline pipeline = VK_NULL_HANDLE;
        VkDescriptorPool pool = VK_NULL_HANDLE;
        VkDescriptorSet set = VK_NULL_HANDLE;
        std::vector<uint64_t> buffers;  // of a set, with the use that the shader makes of them
        std::vector<bool> writes;
    };
    struct List {
        Thing *pipeline = nullptr, *set = nullptr;
        Bytes push;
        std::map<uint64_t, bool> writes;  // buffers used since the last barrier, whether they may be written
        VkCommandBuffer commands;
    };

    static int64_t number(const void* at) { return *static_cast<const int64_t*>(at); }
    Thing* made(const void* rid) { return made_.at(*static_cast<const uint64_t*>(rid)).get(); }
    Rid keep(Thing thing) {
        made_.emplace(++last_, std::make_unique<Thing>(std::move(thing)));
        return {last_};
    }

    // What Godot's reflection finds in a module.
    static void reflect(const std::vector<uint32_t>& words, Shader& out) {
        std::map<uint32_t, uint32_t> pointee, bound;
        std::map<uint32_t, std::vector<uint32_t>> structs;
        std::map<uint32_t, std::size_t> sizes;  // of types
        std::map<std::pair<uint32_t, uint32_t>, uint32_t> offsets;
        std::map<uint32_t, uint32_t> constants;
        std::set<uint32_t> read_only;
        bool is_optimised = true;  // by Godot 4.6, wrongly: it leaves what it does not know
        const auto size_of = [&](auto&& self, uint32_t type) -> std::size_t {
            const auto found = structs.find(type);
            if (found == structs.end()) return sizes.at(type);
            const uint32_t last = static_cast<uint32_t>(found->second.size()) - 1;
            return offsets.at({type, last}) + self(self, found->second.back());
        };
        for (std::size_t at = 5; at < words.size(); at += words[at] >> 16) {
            const uint32_t* w = &words[at];
            switch (w[0] & 0xFFFF) {
                case 0: is_optimised = false; break;
                case 21: sizes[w[1]] = w[2] / 8; break;
                case 22: sizes[w[1]] = w[2] / 8; break;
                case 28: sizes[w[1]] = sizes[w[2]] * constants[w[3]]; break;
                case 30: structs[w[1]].assign(w + 2, w + (w[0] >> 16)); break;
                case 32: pointee[w[1]] = w[3]; break;
                case 43: constants[w[2]] = w[3]; break;
                case 48: case 49: case 50: case 51: FAIL_CHECK("a specialisation constant"); break;
                case 59:
                    if (w[3] == 9) out.push_bytes = size_of(size_of, pointee.at(w[1]));
                    if (bound.count(w[2])) out.bindings[bound[w[2]]] = !read_only.count(w[2]) && !read_only.count(pointee.at(w[1]));
                    break;
                case 71:
                    if (w[2] == 33) bound[w[1]] = w[3];
                    if (w[2] == 24) read_only.insert(w[1]);
                    break;
                case 72:
                    if (w[3] == 35) offsets[{w[1], w[2]}] = w[4];
                    if (w[3] == 24) read_only.insert(w[1]);
                    break;
            }
        }
        CHECK(!is_optimised);
    }

    Any make_shader(const Object& description) {
        const Bytes& code = std::get<Bytes>(description.properties.at("stage_bytecode 4"));
        auto shader = std::make_shared<Shader>();
        std::vector<uint32_t> words(code.size() / 4);
        std::memcpy(words.data(), code.data(), code.size());
        reflect(words, *shader);
        CHECK(shader->push_bytes % 16 == 0);  // up to 4.6 Godot rounds it up, from 4.7 on it does not
        VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
        info.codeSize = code.size();
        info.pCode = words.data();
        VkDevice device = vulkan_.device;
        vk(vkCreateShaderModule(device, &info, nullptr, &shader->module));
        return keep({{}, std::shared_ptr<Shader>(shader.get(), [shader, device](Shader*) {
                         vkDestroyShaderModule(device, shader->module, nullptr);
                     })});
    }

    VkDescriptorSetLayout make_set_layout() const {
        VkDescriptorSetLayoutCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
        info.bindingCount = static_cast<uint32_t>(bindings_.size());
        info.pBindings = bindings_.data();
        VkDescriptorSetLayout layout;
        vk(vkCreateDescriptorSetLayout(vulkan_.device, &info, nullptr, &layout));
        return layout;
    }

    Any make_pipeline(Rid rid) {
        const auto shader = made_.at(rid.id)->shader;
        VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
        info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
        info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
        info.stage.module = shader->module;
        info.stage.pName = "main";
        info.layout = layout();
        Thing thing;
        thing.shader = shader;
        vk(vkCreateComputePipelines(vulkan_.device, VK_NULL_HANDLE, 1, &info, nullptr, &thing.pipeline));
        return keep(std::move(thing));
    }

    VkPipelineLayout layout() {
        if (layout_) return *layout_;
        set_layout_ = make_set_layout();
        const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, 128};
        VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
        info.setLayoutCount = info.pushConstantRangeCount = 1;
        info.pSetLayouts = &set_layout_;
        info.pPushConstantRanges = &range;
        VkPipelineLayout made;
        vk(vkCreatePipelineLayout(vulkan_.device, &info, nullptr, &made));
        layout_ = made;
        return made;
    }

    Any make_buffer(int64_t size, const Bytes& data) {
        if (is_full) return {};
        CHECK(static_cast<std::size_t>(size) == data.size());
        Thing thing;
        thing.buffer = vulkan_.make_buffer(data.size(), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
        std::memcpy(thing.buffer.mapped, data.data(), data.size());
        return keep(std::move(thing));
    }

    Any make_set(const Array& uniforms, Rid rid) {
        CHECK(uniforms.class_name == "RDUniform");
        Thing thing;
        thing.shader = made_.at(rid.id)->shader;
        layout();
        const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, static_cast<uint32_t>(bindings_.size())};
        VkDescriptorPoolCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
        info.maxSets = info.poolSizeCount = 1;
        info.pPoolSizes = &size;
        vk(vkCreateDescriptorPool(vulkan_.device, &info, nullptr, &thing.pool));
        VkDescriptorSetAllocateInfo allocation{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
        allocation.descriptorPool = thing.pool;
        allocation.descriptorSetCount = 1;
        allocation.pSetLayouts = &set_layout_;
        vk(vkAllocateDescriptorSets(vulkan_.device, &allocation, &thing.set));
        std::set<uint32_t> covered;
        for (const Any& one : uniforms.items) {
            const auto& properties = std::get<Object*>(one)->properties;
            CHECK(std::get<int64_t>(properties.at("uniform_type")) == 8);
            const uint32_t binding = static_cast<uint32_t>(std::get<int64_t>(properties.at("binding")));
            const uint64_t id = std::get<Rid>(properties.at("id")).id;
            const VkDescriptorBufferInfo buffer{made_.at(id)->buffer.buffer, 0, VK_WHOLE_SIZE};
            VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
            write.dstSet = thing.set;
            write.dstBinding = binding;
            write.descriptorCount = 1;
            write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
            write.pBufferInfo = &buffer;
            vkUpdateDescriptorSets(vulkan_.device, 1, &write, 0, nullptr);
            covered.insert(binding);
            thing.buffers.push_back(id);
            thing.writes.push_back(thing.shader->bindings.at(binding));
        }
        for (const auto& [binding, writes] : thing.shader->bindings) CHECK(covered.count(binding) == 1);
        return keep(std::move(thing));
    }

    Any update(Rid rid, int64_t offset, int64_t size, const Bytes* data) {
        CHECK(!list_);  // Godot forbids it while a list is recorded
        const Buffer& buffer = made_.at(rid.id)->buffer;
        REQUIRE(offset + size <= static_cast<int64_t>(buffer.size));
        auto* to = static_cast<uint8_t*>(buffer.mapped) + offset;
        if (data) std::copy_n(data->begin(), size, to);
        else std::memset(to, 0, static_cast<std::size_t>(size));
        return int64_t{0};
    }

    void free(Rid rid) {
        const auto found = made_.find(rid.id);
        REQUIRE(found != made_.end());
        Thing& thing = *found->second;
        // Godot frees what depends on it as well, so a set that is freed afterwards would be an error.
        for (const auto& [id, other] : made_)
            CHECK(std::count(other->buffers.begin(), other->buffers.end(), rid.id) == 0);
        if (thing.buffer.buffer) vulkan_.destroy(thing.buffer);
        if (thing.pipeline) vkDestroyPipeline(vulkan_.device, thing.pipeline, nullptr);
        if (thing.pool) vkDestroyDescriptorPool(vulkan_.device, thing.pool, nullptr);
        made_.erase(found);
        if (made_.empty() && layout_) {
            vkDestroyPipelineLayout(vulkan_.device, *layout_, nullptr);
            vkDestroyDescriptorSetLayout(vulkan_.device, set_layout_, nullptr);
            layout_.reset();
        }
    }

    // ---- Compute lists

    List& list(const void* const* arguments) {
        REQUIRE(list_.has_value());
        CHECK(number(arguments[0]) == list_number);
        return *list_;
    }

    int64_t begin() {
        if (!is_render_thread) return -1;
        REQUIRE(!list_);
        list_.emplace();
        VkCommandBufferAllocateInfo allocation{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
        allocation.commandPool = pool_;
        allocation.commandBufferCount = 1;
        vk(vkAllocateCommandBuffers(vulkan_.device, &allocation, &list_->commands));
        VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
        begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
        vk(vkBeginCommandBuffer(list_->commands, &begin));
        return list_number;
    }

    void barrier() {
        VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
        barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
        barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
        vkCmdPipelineBarrier(list_->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1,
                             &barrier, 0, nullptr, 0, nullptr);
    }

    void dispatch(uint32_t x, uint32_t y, uint32_t z) {
        List& it = *list_;
        REQUIRE(it.pipeline != nullptr);
        REQUIRE(it.set != nullptr);
        CHECK(it.pipeline->shader == it.set->shader);
        CHECK(it.push.size() == it.pipeline->shader->push_bytes);
        for (std::size_t i = 0; i < it.set->buffers.size(); ++i) {
            const auto [use, is_new] = it.writes.try_emplace(it.set->buffers[i], it.set->writes[i]);
            CHECK(use->second == it.set->writes[i]);  // one use of a buffer in a list
        }
        vkCmdBindPipeline(it.commands, VK_PIPELINE_BIND_POINT_COMPUTE, it.pipeline->pipeline);
        vkCmdBindDescriptorSets(it.commands, VK_PIPELINE_BIND_POINT_COMPUTE, *layout_, 0, 1, &it.set->set, 0, nullptr);
        vkCmdPushConstants(it.commands, *layout_, VK_SHADER_STAGE_COMPUTE_BIT, 0, static_cast<uint32_t>(it.push.size()), it.push.data());
        vkCmdDispatch(it.commands, x, y, z);
    }

    // Godot submits with its frame; here the list has run when this returns.
    void end() {
        REQUIRE(list_.has_value());
        VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
        barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
        barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
        vkCmdPipelineBarrier(list_->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                             nullptr, 0, nullptr);
        vk(vkEndCommandBuffer(list_->commands));
        VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
        submit.commandBufferCount = 1;
        submit.pCommandBuffers = &list_->commands;
        vk(vkQueueSubmit(vulkan_.queue, 1, &submit, VK_NULL_HANDLE));
        vk(vkQueueWaitIdle(vulkan_.queue));
        vkFreeCommandBuffers(vulkan_.device, pool_, 1, &list_->commands);
        list_.reset();
    }

    static constexpr int64_t list_number = int64_t{2} << 58;
    VulkanDevice vulkan_;
    VkCommandPool pool_;
    std::array<VkDescriptorSetLayoutBinding, 7> bindings_{};
    VkDescriptorSetLayout set_layout_ = VK_NULL_HANDLE;
    std::optional<VkPipelineLayout> layout_;
    std::map<uint64_t, std::unique_ptr<Thing>> made_;
    uint64_t last_ = 0;
    std::optional<List> list_;
};

}  // namespace

#endif
