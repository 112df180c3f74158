#include "vulkan/probe.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include "common/error.h"
#include "common/math.h"
#include "vulkan/shader_arguments.h"
#include "vulkan/steps.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

namespace {

constexpr size_t random_triples = 448;

constexpr const char* questions[shader::PROBE_ANSWERS] = {"x + y",
                                                          "x - y",
                                                          "x * y",
                                                          "x * y + z, each rounded",
                                                          "the lesser of x and y",
                                                          "the greater of x and y",
                                                          "floor(x)",
                                                          "exp(x)",
                                                          "log(x)",
                                                          "1 / x",
                                                          "x as an integer",
                                                          "the integer x as a float",
                                                          "the unsigned x as a float",
                                                          "x with small values flushed",
                                                          "x compared with y",
                                                          "the product of the unsigned x and y",
                                                          "the bits of x"};

uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }
float real(uint32_t word) { return std::bit_cast<float>(word); }
bool is_denormal(uint32_t word) { return (word & 0x7F800000u) == 0 && (word & 0x007FFFFFu) != 0; }
// All NaNs count as equal.
uint32_t comparable(uint32_t word) { return (word & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC00000u : word; }
bool is_float(uint32_t question) { return question < 10 || (question >= 11 && question <= 13); }

std::array<uint32_t, shader::PROBE_ANSWERS> answers_to(const Triple& triple) {
    const auto [p, q, r] = triple;
    const float x = real(p), y = real(q), z = real(r), product = x * y;
    const uint64_t whole_product = uint64_t{p} * q;
    return {bits(x + y),
            bits(x - y),
            bits(product),
            bits(product + z),
            bits(x < y ? x : y),
            bits(x > y ? x : y),
            bits(std::floor(x)),
            bits(exp_f32(x)),
            bits(log_f32(x)),
            bits(reciprocal_f32(x)),
            static_cast<uint32_t>(to_int_nearest_even(static_cast<double>(x))),
            bits(static_cast<float>(static_cast<int32_t>(p))),
            bits(static_cast<float>(p)),
            bits(flush(x)),
            uint32_t{x < y} | uint32_t{x <= y} << 1 | uint32_t{x == y} << 2,
            static_cast<uint32_t>(whole_product >> 32) ^ static_cast<uint32_t>(whole_product),
            p == 0 ? 0 : static_cast<uint32_t>(std::countr_zero(p) | std::popcount(p) << 8)};
}

std::string hexadecimal(uint32_t word) {
    char text[11];
    std::snprintf(text, sizeof text, "0x%08x", word);
    return text;
}

}  // namespace

std::vector<Triple> probe_triples() {
    using limits = std::numeric_limits<float>;
    std::vector<uint32_t> special;
    for (const float value : {0.0f,
                              0x1p-149f,
                              0x1.8p-130f,
                              0x1.fffffcp-127f,
                              limits::min(),
                              0x1p-63f,
                              0x1.fffffep-64f,
                              0.3f,
                              0.5f,
                              1.0f,
                              0x1.000002p+0f,
                              1.5f,
                              2.5f,
                              86.9f,
                              88.5f,
                              16777217.0f,
                              0x1p+30f,
                              0x1.fffffep+30f,
                              0x1p+31f,
                              0x1p+126f,
                              limits::max(),
                              limits::infinity()})
        special.push_back(bits(value)), special.push_back(bits(-value));
    special.push_back(bits(limits::quiet_NaN()));
    std::vector<Triple> triples;
    for (size_t i = 0; i < special.size(); ++i)
        for (size_t k = 0; k < special.size(); k += 2)
            triples.push_back({special[i], special[(i + k) % special.size()], special[(7 * i + k) % special.size()]});
    uint64_t state = 1;
    const auto number = [&state] {  // of magnitude 2^-8 to 2^8
        state = state * 6364136223846793005u + 1442695040888963407u;
        const auto word = static_cast<uint32_t>(state >> 32);
        return (word & 0x807FFFFFu) | (119 + (word >> 23) % 16) << 23;
    };
    for (size_t i = 0; i < random_triples; ++i) {
        const uint32_t p = number(), q = number();
        // x * y - (x * y) is 0 if product and sum are each rounded, and the rounding error of the product if contracted.
        triples.push_back({p, q, i % 2 ? number() : bits(-(real(p) * real(q)))});
    }
    return triples;
}

std::vector<uint32_t> probe_answers(std::span<const Triple> triples) {
    std::vector<uint32_t> answers;
    for (const Triple& triple : triples) {
        const auto all = answers_to(triple);
        answers.insert(answers.end(), all.begin(), all.end());
    }
    return answers;
}

Verdict judge(std::span<const Triple> triples, std::span<const uint32_t> given) {
    Verdict verdict;
    for (size_t i = 0; i < triples.size(); ++i) {
        const auto wanted = answers_to(triples[i]);
        const bool has_denormals = std::any_of(triples[i].begin(), triples[i].end(), is_denormal) || is_denormal(wanted[2]);
        for (uint32_t k = 0; k < shader::PROBE_ANSWERS; ++k) {
            const uint32_t got = given[i * shader::PROBE_ANSWERS + k];
            if (is_float(k) ? comparable(got) == comparable(wanted[k]) : got == wanted[k]) continue;
            if (has_denormals || is_denormal(wanted[k])) {
                verdict.flushes_denormals = true;
                continue;
            }
            verdict.first_wrong =
                text(questions[k], " for x = ", hexadecimal(triples[i][0]), ", y = ", hexadecimal(triples[i][1]),
                     ", z = ", hexadecimal(triples[i][2]), " as ", hexadecimal(got), " and not ", hexadecimal(wanted[k]));
            return verdict;
        }
    }
    return verdict;
}

namespace {

Verdict ask(Device& device, Pipelines& pipelines) {
    const std::vector<Triple> triples = probe_triples();
    std::vector<uint32_t> answers(triples.size() * shader::PROBE_ANSWERS);
    const Range asked = device.allocate(triples.size() * sizeof(Triple), Memory::device, "what a device is asked");
    const Range given = device.allocate(answers.size() * 4, Memory::device, "what a device answers");
    device.upload(asked, 0, triples.data(), triples.size() * sizeof(Triple));
    Dispatch dispatch;
    dispatch.pipeline = pipelines.get("probe");
    dispatch.set = pipelines.bind({asked, given});
    const auto count = static_cast<uint32_t>(triples.size());
    dispatch.take(shader::Probe{count});
    dispatch.groups[0] = groups_for(count);
    const VkCommandBuffer commands = device.make_commands();
    device.begin(commands, false);
    copy_barrier(device, commands);
    record_dispatch(device, pipelines.layout(), commands, dispatch);
    host_barrier(device, commands);
    device.end(commands);
    device.run({commands});
    device.download(given, 0, answers.data(), answers.size() * 4);
    return judge(triples, answers);
}

// For tests: devices that flush denormals are rare.
bool is_told_to_flush() {
    const char* const denormals = std::getenv("SNN_VULKAN_DENORMALS");
    return denormals && std::string_view(denormals) == "flushed";
}

// Keyed by driver, with separate entries for devices of hosts, whose shaders request no float controls.
class Verdicts {
public:
    std::optional<Verdict> find(const std::string& key) {
        const std::lock_guard lock(mutex_);
        const auto found = of_.find(key);
        return found == of_.end() ? std::nullopt : std::optional(found->second);
    }
    void add(const std::string& key, const Verdict& verdict) {
        const std::lock_guard lock(mutex_);
        of_.emplace(key, verdict);
    }

private:
    std::mutex mutex_;  // never held while a device is tested, because that takes a host's queue lock
    std::map<std::string, Verdict> of_;
};
Verdicts& verdicts() {
    static auto& known = *new Verdicts;  // devices may be opened while the process ends
    return known;
}

}  // namespace

bool probe(Device& device, Pipelines& pipelines) {
    if (device.is_on_paper()) return false;
    const std::string key = device.pipeline_identity() + (device.is_of_host() ? " of a host" : "");
    std::optional<Verdict> verdict = verdicts().find(key);
    if (!verdict) {
        verdict = ask(device, pipelines);
        verdicts().add(key, *verdict);
    }
    if (!verdict->first_wrong.empty())
        throw Error(SNN_ERROR_UNSUPPORTED, "the Vulkan device '", device.description().name, "' computes ",
                    verdict->first_wrong,
                    ", so its results would not be those of other devices; another driver or device \"cpu\" may do");
    return verdict->flushes_denormals || is_told_to_flush();
}

bool flushes_denormals(std::string_view choice) {
    if (choice == "plan") return false;
    if (const DeviceDescription* const description = find_device(choice))
        if (const std::optional<Verdict> known = verdicts().find(description->driver_identity))
            return known->flushes_denormals || is_told_to_flush();
    Device device(choice, nullptr);
    Pipelines pipelines(device);
    return probe(device, pipelines);
}

}  // namespace snn::vulkan
