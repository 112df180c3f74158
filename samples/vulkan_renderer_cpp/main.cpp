// 100,000 neurons stepped and drawn inside a renderer's own frames, on the renderer's own Vulkan device: the program of
// samples/vulkan_renderer in C++, with the same network and the same spikes. Every fifth frame is kept as frame_NN.ppm.
#include <snn/snn_vulkan.hpp>

#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "renderer.h"

namespace {

constexpr uint32_t columns = 400, rows = 250, scale = 2, frames = 40, steps = 2;
constexpr float threshold = 1.0f;
constexpr int skipped = 77;

// Neurons in rows, each with about 30 targets around it.
snn::Network sheet() {
    snn::Network network(1.0);
    const uint32_t cells = network.add_neurons("cells", {columns * rows}, "driven_lif");
    network.set_parameter(cells, "threshold", threshold);
    network.set_option(cells, "reset", "value");
    network.set_parameter(cells, "refractory", 25.0);
    network.set_parameter(cells, "background_rate", 70.0);
    network.set_parameter(cells, "background_weight", 0.2);
    std::vector<float> places;
    for (uint32_t y = 0; y < rows; ++y)
        for (uint32_t x = 0; x < columns; ++x) places.insert(places.end(), {static_cast<float>(x), static_cast<float>(y)});
    SNNRandomConnectionDef near;
    snn_random_connection_def_default(&near);
    near.rule = SNN_RULE_SPATIAL;
    near.probability = 0.5;
    near.seed = 1;
    near.weight.a = 0.2;
    near.delay.a = 1.0;
    near.kernel = SNN_KERNEL_GAUSSIAN;
    near.dimensions = 2;
    near.kernel_width = 3.0;
    near.cutoff = 8.0;
    near.source_positions = near.target_positions = places.data();
    near.source_position_count = near.target_position_count = places.size();
    SNNProjectionDef projection = snn::projection_def();
    projection.kind = SNN_CONNECT_SPARSE;
    projection.source = projection.target = cells;
    projection.trainable = 0;
    network.connect_random(projection, near);
    network.finish();
    return network;
}

void keep(const std::string& path, const Renderer& renderer) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (!file) throw std::runtime_error("cannot write " + path);
    std::fprintf(file, "P6\n%u %u\n255\n", renderer.width, renderer.height);
    for (uint32_t i = 0; i < renderer.width * renderer.height; ++i) std::fwrite(renderer.image + 4 * i, 1, 3, file);
    std::fclose(file);
}

void render(Renderer& renderer) {
    const snn::Network network = sheet();
    const SNNNetworkInfo info = network.info();
    std::printf("%u neurons, %" PRIu64 " synapses on the renderer's device\n", columns * rows, info.synapse_count);

    snn::SessionOptions options;
    options.seed = 1;
    snn::Session brain = snn::vulkan::open(network, renderer.host(), options);
    snn::vulkan::bind_buffer(brain, "cells.spike_count",
                             snn::vulkan::buffer_of(as_number(renderer.spike_count), 0, columns * rows * 4));
    const SNNVulkanBuffer membrane = snn::vulkan::buffer(brain, "cells.v");

    for (uint32_t frame = 1; frame <= frames; ++frame) {
        renderer.begin_frame();
        snn::vulkan::record_steps(brain, renderer.commands, steps);
        renderer.draw(as_buffer(membrane.buffer), membrane.offset_bytes);
        renderer.end_frame();
        if (frame % 5 != 0) continue;
        char name[16];
        std::snprintf(name, sizeof name, "frame_%02u.ppm", frame);
        keep(name, renderer);
        std::printf("frame %u: %" PRIu64 " spikes so far\n", frame, brain.counters().spikes);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER (with neurons.vert.spv and neurons.frag.spv)\n", argv[0]);
        return 1;
    }
    try {
        Renderer renderer(argv[1], columns, rows, scale, threshold);
        render(renderer);
        std::printf("validation layer: %s\n",
                    renderer.is_validated ? (std::to_string(renderer.messages.size()) + " messages").c_str() : "not installed");
        for (const std::string& message : renderer.messages) std::puts(message.c_str());
        return 0;
    } catch (const NoDevice& error) {
        std::printf("skipped: %s\n", error.what());
        return skipped;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
