// A computation graph in OpenVINO's intermediate representation: XML with the operations, and one block of constants.
// https://docs.openvino.ai/2025/documentation/openvino-ir-format/operation-sets.html describes the operations. We use
// operations that every release since operation set 5 has.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snn::npu {

enum class Element : uint8_t { f32, f16, i8, i32, i64, boolean };
using Extents = std::vector<uint64_t>;

class Graph {
public:
    using Node = uint32_t;

    // An input that the caller provides under this name at every inference.
    Node parameter(const std::string& name, Element element, const Extents& extents);
    // Constants. Equal scalars are stored once.
    Node constant(float value);
    Node constant(int32_t value);
    Node constant(bool value);
    Node constant(Element element, const Extents& extents, const void* data);
    // An operation of OpenVINO. `attributes` are written as in the XML: "mode=\"half_to_even\"".
    Node operation(std::string_view type, std::initializer_list<Node> inputs, Element element, const Extents& extents,
                   std::string_view attributes = {}, std::string_view set = "opset1");
    // An operation with numpy's broadcasting: the result has the extents of the inputs, broadcast to each other.
    Node elementwise(std::string_view type, std::initializer_list<Node> inputs, Element element,
                     std::string_view attributes = {}, std::string_view set = "opset1");
    Node reshape(Node input, const Extents& extents);
    // Results are numbered in the order of these calls.
    void result(Node input);

    Element element(Node node) const { return outputs_[node].element; }
    const Extents& extents(Node node) const { return outputs_[node].extents; }

    std::string xml() const;
    std::vector<uint32_t>& constants() { return constants_; }

private:
    struct Output {
        Element element;
        Extents extents;
    };
    Node add(std::string_view name, std::string_view type, std::string_view set, std::string_view attributes,
             std::initializer_list<Node> inputs, const Output* output);
    Node scalar(Element element, uint32_t bits);

    std::string layers_, edges_;
    std::vector<Output> outputs_;      // by node
    std::vector<uint8_t> ports_;       // by node: number of its output port, which is the number of its inputs
    std::vector<uint32_t> constants_;  // whole words, so that every constant is aligned
    std::map<std::pair<Element, uint32_t>, Node> scalars_;
};

}  // namespace snn::npu
