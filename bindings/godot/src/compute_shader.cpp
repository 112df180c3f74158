// What RenderingDevice must know of a SPIR-V module, and what must be other in it. Numbers are those of the SPIR-V specification.
#include "rendering_device.hpp"

namespace godot_snn {

namespace {

enum : uint32_t {
    op_nop = 0, op_type_int = 21, op_type_float = 22, op_type_array = 28, op_type_struct = 30, op_type_pointer = 32,
    op_constant_true = 41, op_constant_false = 42, op_constant = 43, op_spec_constant_true = 48, op_spec_constant = 50,
    op_spec_constant_composite = 51, op_variable = 59, op_decorate = 71, op_member_decorate = 72, op_return = 253
};
enum : uint32_t { spec_id = 1, not_writable = 24, binding = 33, offset = 35 };
constexpr uint32_t push_constant_class = 9;

struct Module {
    explicit Module(const SNNVulkanPlanShader& shader) {
        for (uint64_t at = 5; at < shader.word_count; at += shader.spirv[at] >> 16) {
            const uint32_t* const w = shader.spirv + at;
            switch (w[0] & 0xFFFF) {
                case op_type_int:
                    sizes[w[1]] = w[2] / 8;
                    if (w[2] == 32 && !word) word = w[1];
                    break;
                case op_type_float: sizes[w[1]] = w[2] / 8; break;
                case op_type_array: sizes[w[1]] = sizes[w[2]] * values[w[3]]; break;
                case op_type_struct: {
                    const uint32_t count = (w[0] >> 16) - 2;
                    member_counts[w[1]] = count;
                    sizes[w[1]] = count ? offsets[{w[1], count - 1}] + sizes[w[1 + count]] : 0;
                    break;
                }
                case op_type_pointer: pointees[w[1]] = w[3]; break;
                case op_constant: values[w[2]] = w[3]; break;
                case op_variable:
                    if (w[3] == push_constant_class) push_block = pointees[w[1]];
                    break;
                case op_member_decorate:
                    if (w[3] == offset) offsets[{w[1], w[2]}] = w[4];
                    break;
            }
        }
    }
    std::map<uint32_t, uint32_t> sizes, values, pointees, member_counts;  // by id
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> offsets;            // of members of structs
    uint32_t word = 0;        // a type of 32 bits
    uint32_t push_block = 0;  // the type of the push constants; 0: there are none
};

}  // namespace

ComputeShader::ComputeShader(const SNNVulkanPlanShader& shader) {
    Module module(shader);
    const uint32_t block = module.push_block, bytes = block ? module.sizes[block] : 0;
    push_bytes = (bytes + 15) / 16 * 16;
    const uint32_t added = (push_bytes - bytes) / 4;  // members of the block
    std::map<uint32_t, uint32_t> given;               // values of specialisation constants, by result
    spirv.assign(shader.spirv, shader.spirv + 5);
    bool placed = false;  // the members that are added
    for (uint64_t at = 5; at < shader.word_count;) {
        const uint32_t* const w = shader.spirv + at;
        const uint32_t count = w[0] >> 16, op = w[0] & 0xFFFF;
        at += count;
        if ((op == op_decorate && w[2] == not_writable) || (op == op_member_decorate && w[3] == not_writable)) continue;
        if (op == op_decorate && w[2] == binding) bindings.insert(w[3]);
        if (op == op_decorate && w[2] == spec_id) {
            if (w[3] < shader.constant_count) given[w[1]] = shader.constants[w[3]];
            continue;
        }
        if (op == op_member_decorate && w[1] == block && !placed) {
            placed = true;
            for (uint32_t i = 0; i < added; ++i)
                spirv.insert(spirv.end(), {5u << 16 | op_member_decorate, block, module.member_counts[block] + i, offset, bytes + 4 * i});
        }
        if (op == op_return) spirv.push_back(1u << 16 | op_nop);
        spirv.insert(spirv.end(), w, w + count);
        if (op >= op_spec_constant_true && op <= op_spec_constant_composite) {
            uint32_t* const made = spirv.data() + spirv.size() - count;
            const auto value = given.find(w[2]);
            uint32_t plain = op - (op_spec_constant_true - op_constant_true);
            if (value != given.end()) {
                if (op == op_spec_constant) made[3] = value->second;
                else plain = value->second ? op_constant_true : op_constant_false;
            }
            made[0] = count << 16 | plain;
        }
        if (op == op_type_struct && w[1] == block && added) {
            spirv[spirv.size() - count] = (count + added) << 16 | op;
            spirv.insert(spirv.end(), added, module.word);
        }
    }
}

}  // namespace godot_snn
