// snn_base.hpp - the part of snn.hpp that needs no network: errors, ranges, default structs, devices and built-in models,
// encoders and random numbers, models. Include snn.hpp.
#ifndef SNN_SNN_BASE_HPP
#define SNN_SNN_BASE_HPP

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#if __has_include(<version>)
#include <version>
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif

namespace snn {
inline namespace v1 {

// ---- Errors and ranges ------------------------------------------------------------------------------------------------

class Error : public std::runtime_error {
public:
    Error(SNNStatus status, const char* sentence) : std::runtime_error(sentence), status_(status) {}
    SNNStatus status() const noexcept { return status_; }  // SNN_ERROR_*

private:
    SNNStatus status_;
};

inline void check(SNNStatus status) {
    if (status != SNN_OK) throw Error(status, snn_last_error());
}

// A pointer and a count, made from a vector, an array, std::span or any contiguous range. Borrows; does not own.
template <class T>
class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N>
    constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    template <class Range, class = std::enable_if_t<
                               !std::is_same_v<std::decay_t<Range>, Span> &&
                               std::is_convertible_v<decltype(std::declval<Range&>().data()), T*>>>
    constexpr Span(Range&& range) noexcept : data_(range.data()), size_(range.size()) {}

    constexpr T* data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T* begin() const noexcept { return data_; }
    constexpr T* end() const noexcept { return data_ + size_; }
    constexpr T& operator[](std::size_t i) const noexcept { return data_[i]; }

private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

// Values that a call reads and does not keep: a Span, one value, or {1.0f, 0.0f}.
template <class T>
class Values : public Span<const T> {
public:
    using Span<const T>::Span;
    constexpr Values() noexcept = default;
    constexpr Values(Span<const T> values) noexcept : Span<const T>(values) {}
    constexpr Values(std::initializer_list<T> values) noexcept : Span<const T>(values.begin(), values.size()) {}
    constexpr Values(const T& value) noexcept : Span<const T>(&value, 1) {}
};

namespace detail {

// Whether a Range&& is a temporary that may own its values: true for all but views.
template <class Range>
constexpr bool may_own = !std::is_lvalue_reference_v<Range>;
template <class T>
constexpr bool may_own<Span<T>> = false;
#if defined(__cpp_lib_span)
template <class T, std::size_t Extent>
constexpr bool may_own<std::span<T, Extent>> = false;
#endif

}  // namespace detail

// {128} or {channels, height, width}.
class Shape {
public:
    Shape(std::initializer_list<uint32_t> dims) {
        if (dims.size() < 1 || dims.size() > 3)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "a shape has 1 to 3 dimensions");
        value_.rank = static_cast<uint32_t>(dims.size());
        uint32_t i = 0;
        for (const uint32_t size : dims) value_.dims[i++] = size;
    }
    const SNNShape& get() const noexcept { return value_; }

private:
    SNNShape value_{};
};

// The C structs with their defaults and struct_size filled in.
inline SNNProjectionDef projection_def() {
    SNNProjectionDef def;
    snn_projection_def_default(&def);
    return def;
}
inline SNNRandomConnectionDef random_connection_def() {
    SNNRandomConnectionDef def;
    snn_random_connection_def_default(&def);
    return def;
}
inline SNNRunDef run_def() {
    SNNRunDef def;
    snn_run_def_default(&def);
    return def;
}
inline SNNTrainerDef trainer_def() {
    SNNTrainerDef def;
    snn_trainer_def_default(&def);
    return def;
}
inline SNNEncoderDef encoder_def() {
    SNNEncoderDef def;
    snn_encoder_def_default(&def);
    return def;
}

namespace detail {

// A handle that is released once, by a function of snn.h.
template <class Handle, void(SNN_CALL* Release)(Handle)>
class Owned {
public:
    Owned() noexcept = default;
    explicit Owned(Handle handle) noexcept : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        if (this != &other) Release(std::exchange(handle_, std::exchange(other.handle_, nullptr)));
        return *this;
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() { Release(handle_); }
    Handle get() const noexcept { return handle_; }

private:
    Handle handle_ = nullptr;
};

// The element type of a range, const where its elements are; no type if it is no range.
template <class Range>
using ValueOf = std::remove_pointer_t<decltype(std::data(std::declval<Range&>()))>;

template <class T>
constexpr uint32_t dtype_of() {
    using Value = std::remove_cv_t<T>;
    static_assert(std::is_same_v<Value, float> || std::is_same_v<Value, double> || std::is_same_v<Value, int32_t> ||
                      std::is_same_v<Value, uint8_t>,
                  "variables are read and written as float, double, int32_t or uint8_t");
    if constexpr (std::is_same_v<Value, float>) return SNN_FLOAT32;
    else if constexpr (std::is_same_v<Value, double>) return SNN_FLOAT64;
    else if constexpr (std::is_same_v<Value, int32_t>) return SNN_INT32;
    else return SNN_UINT8;
}

}  // namespace detail

// ---- Library ----------------------------------------------------------------------------------------------------------

inline std::string version() { return snn_version_string(); }
// The ABI version of the loaded library; compare it with SNN_ABI_VERSION when you load it at run time.
inline uint32_t abi_version() { return snn_abi_version(); }
// Bytes of memory that this process could still take, 0 if unknown
inline uint64_t available_memory_bytes() { return snn_available_memory_bytes(); }
// "SNN_ERROR_BUSY" and so on.
inline std::string status_name(SNNStatus status) { return snn_status_name(status); }

inline std::vector<SNNDeviceInfo> devices() {
    uint32_t count = 0;
    check(snn_device_count(&count));
    std::vector<SNNDeviceInfo> infos(count);
    for (uint32_t i = 0; i < count; ++i) {
        infos[i].struct_size = sizeof(SNNDeviceInfo);
        check(snn_device_get(i, &infos[i]));
    }
    return infos;
}

// Measures a device, or returns an earlier measurement.
inline SNNDeviceSpeed device_speed(const std::string& device) {
    SNNDeviceSpeed speed{};
    speed.struct_size = sizeof speed;
    check(snn_device_speed(device.c_str(), &speed));
    return speed;
}

inline std::vector<std::string> builtin_models() {
    std::vector<std::string> names;
    for (uint32_t i = 0; const char* name = snn_model_builtin_name(i); ++i) names.emplace_back(name);
    return names;
}

inline std::vector<std::string> builtin_surrogates() {
    std::vector<std::string> names;
    for (uint32_t i = 0; const char* name = snn_surrogate_builtin_name(i); ++i) names.emplace_back(name);
    return names;
}

inline std::vector<std::string> builtin_plasticity_rules() {
    std::vector<std::string> names;
    for (uint32_t i = 0; const char* name = snn_plasticity_builtin_name(i); ++i) names.emplace_back(name);
    return names;
}

inline void random_uniform(uint64_t seed, uint64_t stream, double low, double high, Span<float> out_values) {
    check(snn_random_fill(seed, stream, SNN_RANDOM_UNIFORM, low, high, out_values.data(), out_values.size()));
}

inline void random_normal(uint64_t seed, uint64_t stream, double mean, double deviation, Span<float> out_values) {
    check(snn_random_fill(seed, stream, SNN_RANDOM_NORMAL, mean, deviation, out_values.data(), out_values.size()));
}

inline void random_draw(const SNNDistribution& distribution, uint64_t seed, uint64_t stream, Span<double> out_values) {
    check(snn_random_draw(&distribution, seed, stream, out_values.data(), out_values.size()));
}

// values [sample][feature] (for SNN_ENCODE_DELTA [step][sample][feature]) -> [step][sample][feature].
inline std::vector<float> encode(const SNNEncoderDef& def, Values<float> values, std::size_t sample_count,
                                 std::size_t feature_count) {
    const std::size_t frames = def.kind == SNN_ENCODE_DELTA ? def.step_count : 1;
    if (values.size() != frames * sample_count * feature_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "values does not have sample_count times feature_count values");
    std::vector<float> encoded(static_cast<std::size_t>(def.step_count) * sample_count * feature_count);
    check(snn_encode(&def, values.data(), values.size(), sample_count, feature_count, encoded.data(), encoded.size()));
    return encoded;
}

// ---- Model ------------------------------------------------------------------------------------------------------------

// A neuron model, surrogate or plasticity rule. Thread-safety: any thread.
class Model {
public:
    // Loads a model from its op list (docs/model-format.md).
    static Model load(const std::string& text) {
        SNNModel handle = nullptr;
        check(snn_model_load(text.data(), text.size(), &handle));
        return Model(handle);
    }
    static Model builtin(const std::string& name) { return builtin(name, 0); }
    static Model builtin_surrogate(const std::string& name) { return builtin(name, 1); }
    static Model builtin_plasticity(const std::string& name) { return builtin(name, 2); }
    explicit Model(SNNModel owned) noexcept : handle_(owned) {}

    std::string text() const {
        const char* text = nullptr;
        std::size_t size = 0;
        check(snn_model_text(get(), &text, &size));
        return std::string(text, size);
    }
    Model share() const {
        check(snn_model_retain(get()));
        return Model(get());
    }
    SNNModel get() const noexcept { return handle_.get(); }

private:
    static Model builtin(const std::string& name, uint32_t kind) {
        SNNModel handle = nullptr;
        check(snn_model_builtin(name.c_str(), kind, &handle));
        return Model(handle);
    }
    detail::Owned<SNNModel, snn_model_release> handle_;
};

}  // namespace v1
}  // namespace snn
#endif  // SNN_SNN_BASE_HPP
