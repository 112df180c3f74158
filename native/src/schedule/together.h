// Several devices that work on one network: what the two ways of sharing it have in common.
//
//     "cpu+vulkan:0"        each has some of the populations (placement.h, split_executor.h)
//     "cpu*8+vulkan:0*24"   each has the whole network, and so many samples of the batch (batch_executor.h)
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "common/error.h"
#include "schedule/memory.h"

namespace snn {

constexpr uint32_t most_devices_together = 64;

// Whether a device's words name several: "cpu+vulkan:0", not "cpu".
bool names_several(std::string_view device);
bool shares_samples(std::string_view device);
// {"cpu", "vulkan:0"}, whatever they are to do; not checked.
std::vector<std::string> devices_of(std::string_view device);
// The other way round, with nothing said of shares: "cpu+vulkan:0" or "cpu*+vulkan:0*".
std::string joined_devices(const std::vector<std::string>& devices, bool share_samples);
// The same without one of them, where populations and samples are then dealt anew.
std::string without_device(std::string_view device, uint32_t place);
// Throws SNN_ERROR_NOT_FOUND, SNN_ERROR_UNSUPPORTED for one that does not give the same bits as others,
// SNN_ERROR_INVALID_ARGUMENT for too many. `words` is what the caller said.
void check_together(const std::vector<std::string>& devices, std::string_view words, const ExecutorOptions& options);
// The same of the bits of one that is open, among others: a host program's device tells of them only then.
void check_bits(const Executor& part, std::string_view name, const std::vector<std::string>& devices, std::string_view words);
// Why a device of a backend that gives the same bits does not, as the end of a sentence about it; empty where it does, as far
// as is known: a host program's is not asked before it is open.
std::string other_bits(std::string_view device, const ExecutorOptions& options);
// Whether it computes on the processor, and so cannot be lost alone.
bool runs_on_host(std::string_view device);

// Host threads of one of the devices: those that compute on the host share them.
uint32_t threads_of_part(const std::vector<std::string>& devices, uint32_t place, uint32_t thread_count);
// Of one of the devices, which are opened with the host program's where there is one and it is a GPU named without a choice.
ExecutorOptions options_of_part(const ExecutorOptions& options, std::string_view device, uint32_t thread_count);
// Threads that drive so many devices. The host's job system and allocator are called from the thread that calls us: with one of
// them, devices run one after the other.
uint32_t width_of(size_t part_count, const ExecutorOptions& options);
// How long they take: one line for each, as device_choice.h has it. speeds_of() measures nothing where all are the same, of
// which only the work matters. A host program's device is measured itself: no other is opened in its place.
std::vector<struct DeviceSpeed> measured_speeds(const std::vector<std::string>& devices, const ExecutorOptions& options);
std::vector<struct DeviceSpeed> speeds_of(const std::vector<std::string>& devices, const ExecutorOptions& options);

// What an executor over several throws when one of them fails: that one's error.
struct DeviceFailure : Error {
    DeviceFailure(SNNStatus status, const std::string& sentence, uint32_t device) : Error(status, sentence), place(device) {}
    uint32_t place;  // among TogetherExecutor::devices()
};
// Inside a catch block: the exception at hand as that of a device.
[[noreturn]] void rethrow_as_failure(std::string_view device, uint32_t place);

class TogetherExecutor : public Executor {
public:
    virtual const std::vector<std::string>& devices() const = 0;
    // What opens the same: places and shares as they were found.
    virtual std::string device() const = 0;
    // What opens the same without one of them, which is not the only one: its share goes where it is expected to be done first.
    virtual std::string without(uint32_t place) const = 0;
    // What opens the same with some work on other devices, where the steps since the last call have shown for the second time
    // in a row that a step would get clearly shorter by it; empty: it stays as it is. `asked`: what the caller has placed or
    // shared out stays. `io_slowness`: of each device, how many times as long it takes as was expected; of one that has no
    // work, what was known before.
    virtual std::string better(std::string_view asked, const ExecutorOptions& options, std::vector<double>& io_slowness) = 0;
};

constexpr double worth_a_move = 0.8;  // of the time of a step: what it costs, and what times vary by, is less
// How long devices were at work, and whether a better place for some of it was found before.
class Observation {
public:
    explicit Observation(size_t device_count = 0) : busy_s_(device_count, 0.0) {}
    // Of one device, by the thread that drives it.
    template <class Use>
    void time(uint32_t place, Use&& use) {
        const auto begin = std::chrono::steady_clock::now();
        use();
        busy_s_[place] += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    void count(uint32_t steps) { steps_ += steps; }
    // Slowness by the seconds that a step was expected to take on each device, and begins anew.
    void conclude(const std::vector<double>& expected_s, std::vector<double>& io_slowness);
    // The longest expected times of a step as it is and as it might be.
    bool is_worth_a_move(double present_s, double better_s);

private:
    std::vector<double> busy_s_;
    uint64_t steps_ = 0;
    bool was_worth_it_ = false;
};

// Throws SNN_ERROR_UNSUPPORTED for flags of training where devices share populations.
void check_not_to_train(std::string_view device, const ExecutorOptions& options);

// Throw what place() and make_shares() throw, SNN_ERROR_UNSUPPORTED for flags of training; opening also SNN_ERROR_OUT_OF_MEMORY
// when it would take more than there is (check_memory), and DeviceFailure for a device that does not open.
std::unique_ptr<TogetherExecutor> open_together(std::shared_ptr<const Plan> plan, std::string_view device,
                                                const ExecutorOptions& options);
MemoryEstimate estimate_together(const Plan& plan, std::string_view device, const ExecutorOptions& options);

}  // namespace snn
