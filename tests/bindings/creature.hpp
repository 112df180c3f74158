// The game of samples/*/creature.*, for the programs that stand in for engines: they give it a brain and compare its last line.
#ifndef SNN_TESTS_CREATURE_HPP
#define SNN_TESTS_CREATURE_HPP

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

struct CreatureFrame {
    std::array<float, 3> seen;      // in: food to the left, ahead, to the right
    std::array<int, 3> spikes{};    // out: of the output neurons
    std::array<float, 3> voltages;  // out: of the output neurons
};

// Plays 600 frames; `brain(frame)` runs one. Returns what the samples print.
template <class Brain>
std::string play_creature(Brain brain) {
    constexpr int frames = 600, headings = 32, world = 4096;
    constexpr int cosines[headings] = {64,  63,  59,  53,  45,  36,  24,  12,  0, -12, -24, -36, -45, -53, -59, -63,
                                       -64, -63, -59, -53, -45, -36, -24, -12, 0, 12,  24,  36,  45,  53,  59,  63};
    const auto cosine = [&](int heading) { return cosines[heading % headings]; };
    const auto sine = [&](int heading) { return cosines[(heading + 24) % headings]; };
    int x = world / 2 * 64, y = x, heading = 0, eaten = 0;
    std::array<int, 2> food{};
    bool has_food = false;
    uint32_t random = 1;
    uint64_t hash = 0xCBF29CE484222325u;
    const auto mix = [&](uint32_t word) { hash = (hash ^ word) * 0x100000001B3u; };
    for (int i = 0; i < frames; ++i) {
        for (int& place : food) {
            if (has_food) break;
            random = random * 1664525u + 1013904223u;
            place = static_cast<int>(random >> 20);
        }
        has_food = true;
        const int dx = food[0] - (x >> 6), dy = food[1] - (y >> 6);
        const int ahead = dx * cosine(heading) + dy * sine(heading), left = dy * cosine(heading) - dx * sine(heading);
        const int total = std::max(std::abs(ahead) + std::abs(left), 1);
        const int side = ahead < 0 ? 16 : std::abs(left) * 16 / total;
        CreatureFrame frame;
        frame.seen = {left > 0 ? float(side) / 16 : 0, float(std::max(ahead, 0) * 16 / total) / 16,
                      left <= 0 ? float(side) / 16 : 0};
        brain(frame);
        const auto& spikes = frame.spikes;
        heading = (heading + headings + (spikes[0] > spikes[2]) - (spikes[0] < spikes[2])) % headings;
        const int speed = 8 + 4 * spikes[1];
        x = std::clamp(x + cosine(heading) * speed, 0, world * 64 - 1);
        y = std::clamp(y + sine(heading) * speed, 0, world * 64 - 1);
        if (std::abs(dx) + std::abs(dy) < 64) {
            ++eaten;
            has_food = false;
        }
        for (const int word : {x, y, heading, eaten, spikes[0], spikes[1], spikes[2]}) mix(static_cast<uint32_t>(word));
        for (const float voltage : frame.voltages) {
            uint32_t bits;
            std::memcpy(&bits, &voltage, sizeof bits);
            mix(bits);
        }
    }
    char line[64];
    std::snprintf(line, sizeof line, "%d frames, %d eaten, hash %016" PRIx64, frames, eaten, hash);
    return line;
}

#endif
