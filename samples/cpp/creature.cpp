// A creature steered by a spiking network looks for food, 600 frames at 60 a second. See samples/python/creature.py: the same game
// prints the same hash in every language. The argument is the brain, a file that samples/python/train_creature.py makes.
#include <snn/snn.hpp>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int frames = 600, headings = 32, world = 4096;

// 64 cos of each heading, from 0 counter-clockwise. Positions are in 64ths.
constexpr int cosines[headings] = {64,  63,  59,  53,  45,  36,  24,  12,  0, -12, -24, -36, -45, -53, -59, -63,
                                   -64, -63, -59, -53, -45, -36, -24, -12, 0, 12,  24,  36,  45,  53,  59,  63};
int cosine(int heading) { return cosines[heading % headings]; }
int sine(int heading) { return cosines[(heading + 24) % headings]; }

// How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1.
std::array<float, 3> see(int dx, int dy, int heading) {
    const int ahead = dx * cosine(heading) + dy * sine(heading), left = dy * cosine(heading) - dx * sine(heading);
    const int total = std::max(std::abs(ahead) + std::abs(left), 1);
    const int side = ahead < 0 ? 16 : std::abs(left) * 16 / total;  // what is behind is at the side
    return {left > 0 ? float(side) / 16 : 0, float(std::max(ahead, 0) * 16 / total) / 16, left <= 0 ? float(side) / 16 : 0};
}

void play(const char* file) {
    snn::Session brain = snn::Session::open(file);
    const uint32_t input = brain.find_population("input"), output = brain.find_population("output");
    std::array<int, 3> spikes{};  // of the output neurons in this frame
    brain.on_spikes([&](const SNNSpikes& event) {
        if (event.population == output)
            for (uint32_t i = 0; i < event.count; ++i) ++spikes[event.neurons[i]];
    });
    int x = world / 2 * 64, y = x, heading = 0, eaten = 0;
    std::array<int, 2> food{};
    bool has_food = false;
    uint32_t random = 1;
    uint64_t hash = 0xCBF29CE484222325u;
    for (int frame = 0; frame < frames; ++frame) {
        if (!has_food) {
            for (int& place : food) {
                random = random * 1664525u + 1013904223u;
                place = static_cast<int>(random >> 20);
            }
            has_food = true;
        }
        const int dx = food[0] - (x >> 6), dy = food[1] - (y >> 6);
        spikes = {};
        std::array<float, 3> voltages;
        brain.set_input(input, see(dx, dy, heading));
        brain.run_step(1.0f / 60.0f);
        brain.membrane_potentials("output", voltages);
        heading = (heading + headings + (spikes[0] > spikes[2]) - (spikes[0] < spikes[2])) % headings;
        const int speed = 8 + 4 * spikes[1];
        x = std::clamp(x + cosine(heading) * speed, 0, world * 64 - 1);
        y = std::clamp(y + sine(heading) * speed, 0, world * 64 - 1);
        if (std::abs(dx) + std::abs(dy) < 64) {
            ++eaten;
            has_food = false;
        }
        // FNV-1a of everything, the brain's voltages to the last bit included.
        std::array<uint32_t, 3> bits;
        std::memcpy(bits.data(), voltages.data(), sizeof bits);
        for (const int word : {x, y, heading, eaten, spikes[0], spikes[1], spikes[2]})
            hash = (hash ^ static_cast<uint32_t>(word)) * 0x100000001B3u;
        for (const uint32_t word : bits) hash = (hash ^ word) * 0x100000001B3u;
    }
    std::printf("%d frames, %d eaten, hash %016" PRIx64 "\n", frames, eaten, hash);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        play(argc > 1 ? argv[1] : "creature.snn");
    } catch (const snn::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
