#include "npu/graph.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/error.h"

namespace snn::npu {

namespace {

constexpr const char* name_of(Element element) {
    switch (element) {
        case Element::f32: return "f32";
        case Element::f16: return "f16";
        case Element::i8: return "i8";
        case Element::i32: return "i32";
        case Element::i64: return "i64";
        case Element::boolean: return "boolean";
    }
    return "";
}

// The name of an element type in ports.
constexpr const char* precision_of(Element element) {
    switch (element) {
        case Element::f32: return "FP32";
        case Element::f16: return "FP16";
        case Element::i8: return "I8";
        case Element::i32: return "I32";
        case Element::i64: return "I64";
        case Element::boolean: return "BOOL";
    }
    return "";
}

constexpr uint64_t size_of(Element element) {
    switch (element) {
        case Element::f32:
        case Element::i32: return 4;
        case Element::f16: return 2;
        case Element::i64: return 8;
        case Element::i8:
        case Element::boolean: return 1;
    }
    return 0;
}

std::string list_of(const Extents& extents) {
    std::string list;
    for (const uint64_t extent : extents) list += (list.empty() ? "" : ",") + std::to_string(extent);
    return list;
}

uint64_t count_of(const Extents& extents) {
    uint64_t count = 1;
    for (const uint64_t extent : extents) count *= extent;
    return count;
}

void write_port(std::string& xml, size_t port, Element element, const Extents& extents, std::string_view name) {
    xml += text("<port id=\"", port, "\" precision=\"", precision_of(element), "\"");
    if (!name.empty()) xml += text(" names=\"", name, "\"");
    xml += ">";
    for (const uint64_t extent : extents) xml += text("<dim>", extent, "</dim>");
    xml += "</port>";
}

}  // namespace

Graph::Node Graph::add(std::string_view name, std::string_view type, std::string_view set, std::string_view attributes,
                       std::initializer_list<Node> inputs, const Output* output) {
    const Node node = static_cast<Node>(outputs_.size());
    layers_ += text("<layer id=\"", node, "\" name=\"", name.empty() ? text("n", node) : std::string(name), "\" type=\"", type,
                    "\" version=\"", set, "\">");
    if (!attributes.empty()) layers_ += text("<data ", attributes, "/>");
    size_t port = 0;
    if (inputs.size() > 0) layers_ += "<input>";
    for (const Node input : inputs) {
        write_port(layers_, port, outputs_[input].element, outputs_[input].extents, {});
        edges_ += text("<edge from-layer=\"", input, "\" from-port=\"", ports_[input], "\" to-layer=\"", node, "\" to-port=\"",
                       port, "\"/>");
        ++port;
    }
    if (inputs.size() > 0) layers_ += "</input>";
    if (output) {
        layers_ += "<output>";
        write_port(layers_, port, output->element, output->extents, name);
        layers_ += "</output>";
    }
    layers_ += "</layer>\n";
    outputs_.push_back(output ? *output : Output{});
    ports_.push_back(static_cast<uint8_t>(port));
    return node;
}

Graph::Node Graph::parameter(const std::string& name, Element element, const Extents& extents) {
    const Output output{element, extents};
    return add(name, "Parameter", "opset1", text("shape=\"", list_of(extents), "\" element_type=\"", name_of(element), "\""),
               {}, &output);
}

Graph::Node Graph::constant(Element element, const Extents& extents, const void* data) {
    const uint64_t offset = constants_.size() * 4, bytes = count_of(extents) * size_of(element);
    constants_.resize(constants_.size() + (bytes + 3) / 4);
    std::memcpy(reinterpret_cast<char*>(constants_.data()) + offset, data, bytes);
    const Output output{element, extents};
    return add({}, "Const", "opset1",
               text("element_type=\"", name_of(element), "\" shape=\"", list_of(extents), "\" offset=\"", offset, "\" size=\"",
                    bytes, "\""),
               {}, &output);
}

Graph::Node Graph::scalar(Element element, uint32_t bits) {
    const auto [found, is_new] = scalars_.try_emplace({element, bits}, 0);
    if (is_new) found->second = constant(element, {1, 1}, &bits);
    return found->second;
}

Graph::Node Graph::constant(float value) { return scalar(Element::f32, std::bit_cast<uint32_t>(value)); }
Graph::Node Graph::constant(int32_t value) { return scalar(Element::i32, static_cast<uint32_t>(value)); }
Graph::Node Graph::constant(bool value) { return scalar(Element::boolean, value); }

Graph::Node Graph::operation(std::string_view type, std::initializer_list<Node> inputs, Element element, const Extents& extents,
                             std::string_view attributes, std::string_view set) {
    const Output output{element, extents};
    return add({}, type, set, attributes, inputs, &output);
}

Graph::Node Graph::elementwise(std::string_view type, std::initializer_list<Node> inputs, Element element,
                               std::string_view attributes, std::string_view set) {
    Extents extents{1, 1};  // all have two axes here
    for (const Node input : inputs)
        for (size_t axis = 0; axis < 2; ++axis) extents[axis] = std::max(extents[axis], outputs_[input].extents[axis]);
    return operation(type, inputs, element, extents, attributes, set);
}

Graph::Node Graph::reshape(Node input, const Extents& extents) {
    const Node shape = constant(Element::i64, {extents.size()}, extents.data());
    return operation("Reshape", {input, shape}, outputs_[input].element, extents, "special_zero=\"false\"");
}

void Graph::result(Node input) { add({}, "Result", "opset1", {}, {input}, nullptr); }

std::string Graph::xml() const {
    return text("<?xml version=\"1.0\"?>\n<net name=\"snn\" version=\"11\">\n<layers>\n", layers_, "</layers>\n<edges>\n",
                edges_, "</edges>\n</net>\n");
}

}  // namespace snn::npu
