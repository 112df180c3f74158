// The trainer: what it refuses, the order of its parts, what it reports, and that it learns.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "common/error.h"
#include "small_networks.h"
#include "train/trainer.h"

using namespace snn;
using namespace snn::test;

namespace {

constexpr uint32_t batch = 4, steps = 6, features = 5, classes = 3;

SNNTrainerDef definition(uint32_t output, uint32_t loss = SNN_LOSS_CROSS_ENTROPY_COUNT) {
    SNNTrainerDef def{};
    def.struct_size = sizeof def;
    def.output_population = output;
    def.step_count = steps;
    def.loss = loss;
    def.optimizer = SNN_OPTIMIZER_ADAM;
    def.rate_on = 0.8f;
    def.learning_rate = 0.02;
    def.beta1 = 0.9;
    def.beta2 = 0.999;
    def.epsilon = 1e-8;
    return def;
}

struct Classifier {
    std::shared_ptr<const Plan> plan;
    uint32_t input, hidden, output;
    std::vector<float> pixels;
    std::vector<int32_t> labels{0, 1, 2, 0};
    explicit Classifier(const char* output_model = "lif", bool trainable = true) {
        Numbers numbers(8);
        NetworkMaker maker;
        input = maker.values({features});
        hidden = maker.neurons({12}, "lif");
        output = maker.neurons({classes}, output_model);
        maker.connect({.source = input,
                       .target = hidden,
                       .weights = numbers.list(features * 12, -0.2, 0.6),
                       .trainable = trainable});
        maker.connect({.source = hidden,
                       .target = output,
                       .weights = numbers.list(12 * classes, -0.2, 0.5),
                       .bias = numbers.list(classes, 0, 0.1),
                       .trainable = trainable});
        plan = maker.plan();
        pixels = numbers.list(batch * features, 0, 0.3);
        for (uint32_t sample = 0; sample < batch; ++sample)
            pixels[sample * features + static_cast<uint32_t>(labels[sample])] += 1.0f;
    }
    InputFrames frames() const { return {input, pixels.data(), 0}; }
};

template <class Function>
std::string error_of(SNNStatus status, Function&& function) {
    try {
        function();
    } catch (const Error& error) {
        CHECK(error.status() == status);
        return error.what();
    }
    FAIL("no error");
    return {};
}

bool has(const std::string& sentence, const std::string& part) { return sentence.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a definition is checked; the sentence names field and value") {
    const Classifier net, readout("leaky_integrator"), fixed("lif", false);
    const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
    Run run(net.plan, batch), null(net.plan, batch, 0, "null"), not_trainable(fixed.plan, batch),
        membrane(readout.plan, batch);
    const auto refused = [&](auto&& change) {
        SNNTrainerDef def = definition(net.output);
        change(def);
        return error_of(SNN_ERROR_INVALID_ARGUMENT, [&] { Trainer(*run.executor, *net.plan, batch, def); });
    };
    CHECK_NOTHROW(Trainer(*run.executor, *net.plan, batch, definition(net.output)));
    CHECK(has(refused([&](SNNTrainerDef& d) { d.output_population = net.input; }), "output_population 0"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.step_count = 0; }), "step_count is 0"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.loss = 99; }), "loss is 99"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.optimizer = 7; }), "optimizer is 7"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.learning_rate = -1; }), "learning_rate is -1"));
    CHECK(has(refused([&](SNNTrainerDef& d) { d.learning_rate = nan; }), "learning_rate is nan"));
    CHECK(has(refused([&](SNNTrainerDef& d) { d.momentum = infinite; }), "momentum is inf"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.beta1 = 1; }), "beta1 is 1"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.beta2 = -0.5; }), "beta2 is -0.5"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.epsilon = 0; }), "epsilon is 0"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.weight_decay = -1; }), "weight_decay is -1"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.gradient_clip_norm = -2; }), "gradient_clip_norm is -2"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.rate_regularization = -3; }), "rate_regularization is -3"));
    CHECK(has(refused([&](SNNTrainerDef& d) { d.rate_target = nan; }), "rate_target is nan"));
    CHECK(has(refused([](SNNTrainerDef& d) { d.rate_on = std::nanf(""); }), "rate_on is nan"));

    CHECK(has(error_of(SNN_ERROR_INVALID_ARGUMENT,
                       [&] { Trainer(*membrane.executor, *readout.plan, batch, definition(readout.output)); }),
              "'leaky_integrator', which does not spike"));
    CHECK(has(error_of(SNN_ERROR_NOT_FOUND, [&] { Trainer(*run.executor, *net.plan, batch, definition(9)); }),
              "population 9"));
    CHECK(
        has(error_of(SNN_ERROR_UNSUPPORTED, [&] { Trainer(*null.executor, *net.plan, batch, definition(net.output)); }),
            "cannot train"));
    CHECK(has(error_of(SNN_ERROR_UNSUPPORTED,
                       [&] { Trainer(*not_trainable.executor, *fixed.plan, batch, definition(fixed.output)); }),
              "no projection is trainable"));
}

TEST_CASE("labels and targets are checked; the sentence names place and value") {
    const Classifier net;
    Run run(net.plan, batch);
    const Trainer entropy(*run.executor, *net.plan, batch, definition(net.output));
    const Trainer square(*run.executor, *net.plan, batch, definition(net.output, SNN_LOSS_MEAN_SQUARE_RATE));
    std::vector<int32_t> labels{0, -1, 2, 1};
    std::vector<float> targets(batch * classes, 0.25f);
    CHECK_NOTHROW(entropy.check_targets(labels.data(), batch, nullptr, 0));
    CHECK_NOTHROW(square.check_targets(nullptr, 0, targets.data(), targets.size()));
    CHECK_NOTHROW(square.check_targets(labels.data(), batch, targets.data(), targets.size()));
    const auto refused_counts = [](const Trainer& trainer, const int32_t* given, size_t count, const float* aims,
                                   size_t aim_count) {
        return error_of(SNN_ERROR_INVALID_ARGUMENT, [&] { trainer.check_targets(given, count, aims, aim_count); });
    };
    CHECK(has(refused_counts(entropy, labels.data(), 3, nullptr, 0), "label_count is 3; expected 4"));
    CHECK(has(refused_counts(entropy, nullptr, 4, nullptr, 0), "label_count is 4; expected 0, because labels is null"));
    CHECK(has(refused_counts(square, nullptr, 0, targets.data(), 11), "target_count is 11; expected 12"));
    CHECK(has(refused_counts(square, labels.data(), 4, nullptr, 1), "target_count is 1; expected 0, because targets is null"));
    const auto refused = [&](const Trainer& trainer, const int32_t* given, const float* aims) {
        return refused_counts(trainer, given, given ? batch : 0, aims, aims ? targets.size() : 0);
    };
    CHECK(has(refused(entropy, nullptr, nullptr), "labels"));
    CHECK(has(refused(entropy, labels.data(), targets.data()), "targets"));
    labels[2] = 3;
    CHECK(has(refused(entropy, labels.data(), nullptr), "labels[2] is 3"));
    labels[2] = -2;
    CHECK(has(refused(entropy, labels.data(), nullptr), "labels[2] is -2"));
    targets[7] = std::numeric_limits<float>::infinity();
    CHECK(has(refused(square, nullptr, targets.data()), "targets[7] is inf"));
}

TEST_CASE("forward, backward and update come in this order") {
    const Classifier net;
    Run run(net.plan, batch);
    Trainer trainer(*run.executor, *net.plan, batch, definition(net.output));
    const InputFrames frames = net.frames();
    CHECK(has(error_of(SNN_ERROR_STATE, [&] { trainer.backward(); }), "forward"));
    CHECK(has(error_of(SNN_ERROR_STATE, [&] { trainer.update(); }), "backward"));
    CHECK(has(error_of(SNN_ERROR_STATE, [&] { trainer.scores(); }), "forward"));
    trainer.forward({&frames, 1}, net.labels.data(), nullptr);
    CHECK(trainer.scores().size() == batch * classes);
    CHECK_THROWS_AS(trainer.update(), Error);
    trainer.backward();
    CHECK_THROWS_AS(trainer.backward(), Error);
    CHECK(trainer.update_count() == 0);
    trainer.update();
    CHECK(trainer.update_count() == 1);
    CHECK_THROWS_AS(trainer.update(), Error);
}

TEST_CASE("scores and spike counts are those of the run; padding is left out") {
    const Classifier net;
    Run run(net.plan, batch), plain(net.plan, batch);
    Trainer trainer(*run.executor, *net.plan, batch, definition(net.output));
    const InputFrames frames = net.frames();
    const ForwardResult whole = trainer.forward({&frames, 1}, net.labels.data(), nullptr);
    std::vector<double> hidden(batch * 12, 0.0), output(batch * classes, 0.0);
    const RecordFrames records[] = {{RecordFrames::activity_sum, net.hidden, 0, DType::float64, hidden.data(), 0},
                                    {RecordFrames::activity_sum, net.output, 0, DType::float64, output.data(), 0}};
    RunRequest request;
    request.step_count = steps;
    request.inputs = {&frames, 1};
    request.records = records;
    plain.executor->run(request);
    CHECK(std::vector<double>(trainer.scores().begin(), trainer.scores().end()) == output);
    double total = 0, first_two = 0;
    for (size_t i = 0; i < hidden.size(); ++i) total += hidden[i], first_two += i < 2 * 12 ? hidden[i] : 0;
    for (size_t i = 0; i < output.size(); ++i) total += output[i], first_two += i < 2 * classes ? output[i] : 0;
    CHECK(total > first_two);
    CHECK(first_two > 0);
    CHECK(whole.spike_count == total);
    CHECK(whole.loss.sample_count == batch);
    const std::vector<int32_t> padded{0, 1, -1, -1};
    const ForwardResult part = trainer.forward({&frames, 1}, padded.data(), nullptr);
    CHECK(part.spike_count == first_two);
    CHECK(part.loss.sample_count == 2);
}

TEST_CASE("rate regularisation is strength times the mean over neurons and samples of (rate - target)^2") {
    const Classifier net;
    Run run(net.plan, batch), plain(net.plan, batch);
    SNNTrainerDef def = definition(net.output);
    const InputFrames frames = net.frames();
    const std::vector<int32_t> padded{0, 1, -1, 2};
    const double without =
        Trainer(*plain.executor, *net.plan, batch, def).forward({&frames, 1}, padded.data(), nullptr).loss.loss;
    def.rate_regularization = 0.7;
    def.rate_target = 0.15;
    const double with =
        Trainer(*run.executor, *net.plan, batch, def).forward({&frames, 1}, padded.data(), nullptr).loss.loss;
    double sum = 0;
    RunRequest request;
    request.step_count = steps;
    request.inputs = {&frames, 1};
    for (const uint32_t p : {net.hidden, net.output}) {
        const uint32_t size = net.plan->network->population(p).size;
        std::vector<double> counts(batch * size, 0.0);
        const RecordFrames record{RecordFrames::activity_sum, p, 0, DType::float64, counts.data(), 0};
        request.records = {&record, 1};
        plain.executor->reset_state();
        plain.executor->run(request);
        for (size_t i = 0; i < counts.size(); ++i)
            if (padded[i / size] >= 0) sum += (counts[i] / steps - 0.15) * (counts[i] / steps - 0.15);
    }
    CHECK(with - without == doctest::Approx(0.7 * sum / ((12 + classes) * 3)).epsilon(1e-12));
}

TEST_CASE("clipping scales the whole gradient to its norm; norms are told before clipping") {
    const Classifier net;
    const InputFrames frames = net.frames();
    std::vector<double> moved[2];
    double norms[2];
    for (int clipped = 0; clipped < 2; ++clipped) {
        Run run(net.plan, batch, SNN_FLAG_FLOAT64);
        SNNTrainerDef def = definition(net.output);
        def.optimizer = SNN_OPTIMIZER_SGD;
        def.learning_rate = 1;
        if (clipped) def.gradient_clip_norm = norms[0] / 4;
        Trainer trainer(*run.executor, *net.plan, batch, def);
        const std::vector<double> before = run.read(Slot::weight, 1);
        trainer.forward({&frames, 1}, net.labels.data(), nullptr);
        trainer.backward();
        trainer.update();
        norms[clipped] = std::hypot(trainer.gradient_norm(0), trainer.gradient_norm(1));
        moved[clipped] = run.read(Slot::weight, 1);
        for (size_t i = 0; i < before.size(); ++i) moved[clipped][i] -= before[i];
    }
    CHECK(norms[0] > 1e-3);
    CHECK(norms[1] == doctest::Approx(norms[0]).epsilon(1e-14));
    for (size_t i = 0; i < moved[0].size(); ++i) CHECK(moved[1][i] == doctest::Approx(moved[0][i] / 4).epsilon(1e-9));
}

TEST_CASE("an epoch sums up updates, not evaluations") {
    const Classifier net;
    Run run(net.plan, batch);
    Trainer trainer(*run.executor, *net.plan, batch, definition(net.output));
    const InputFrames frames = net.frames();
    double sum = 0;
    uint64_t correct = 0;
    const std::vector<int32_t> padded{0, 1, 2, -1};
    for (const auto* labels : {&net.labels, &padded}) {
        const ForwardResult result = trainer.forward({&frames, 1}, labels->data(), nullptr);
        sum += result.loss.loss * result.loss.sample_count;
        correct += result.loss.correct_count;
        trainer.backward();
        trainer.update();
        trainer.forward({&frames, 1}, net.labels.data(), nullptr);
    }
    const SNNEpoch epoch = trainer.end_epoch();
    CHECK(epoch.epoch == 1);
    CHECK(epoch.sample_count == 7);
    CHECK(epoch.correct_count == correct);
    CHECK(epoch.mean_loss == doctest::Approx(sum / 7));
    const SNNEpoch empty = trainer.end_epoch();
    CHECK(empty.epoch == 2);
    CHECK(empty.sample_count == 0);
    CHECK(empty.mean_loss == 0);
}

TEST_CASE("every loss and optimiser learns the four samples, on the reference and on the CPU") {
    for (const char* backend : {"reference", "cpu"})
        for (uint32_t loss = SNN_LOSS_CROSS_ENTROPY_COUNT; loss <= SNN_LOSS_MEAN_SQUARE_RATE; ++loss)
            for (const uint32_t optimizer :
                 {SNN_OPTIMIZER_SGD, SNN_OPTIMIZER_ADAM, SNN_OPTIMIZER_ADAMW, SNN_OPTIMIZER_LION}) {
                const Classifier net(loss_kind(loss).of_membrane() ? "leaky_integrator" : "lif");
                Run run(net.plan, batch, 0, backend);
                SNNTrainerDef def = definition(net.output, loss);
                def.optimizer = optimizer;
                if (optimizer == SNN_OPTIMIZER_SGD) def.learning_rate = 0.1, def.momentum = 0.8;
                Trainer trainer(*run.executor, *net.plan, batch, def);
                const InputFrames frames = net.frames();
                double first = 0;
                ForwardResult result;
                for (int update = 0; update < 80; ++update) {
                    result = trainer.forward({&frames, 1}, net.labels.data(), nullptr);
                    if (update == 0) first = result.loss.loss;
                    trainer.backward();
                    trainer.update();
                }
                INFO(std::string(backend), " loss ", loss, " optimizer ", optimizer, " from ", first, " to ",
                     result.loss.loss);
                CHECK(result.loss.loss < 0.4 * first);
                CHECK(result.loss.correct_count == batch);
            }
}

// With one tape, the shorter run's gradients would be read beyond their end by the steps of the longer one.
TEST_CASE("a run that another trainer has overwritten is refused") {
    const Classifier net("leaky_integrator");
    const InputFrames frames = net.frames();
    for (const char* backend : {"reference", "cpu"}) {
        INFO(std::string(backend));
        Run run(net.plan, batch, 0, backend);
        SNNTrainerDef def = definition(net.output, SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE);
        Trainer small(*run.executor, *net.plan, batch, def);
        def.step_count = 50;
        Trainer large(*run.executor, *net.plan, batch, def);
        small.forward({&frames, 1}, net.labels.data(), nullptr);
        large.forward({&frames, 1}, net.labels.data(), nullptr);
        CHECK(has(error_of(SNN_ERROR_STATE, [&] { small.backward(); }), "backward: another trainer"));
        CHECK_NOTHROW(large.backward());
        small.forward({&frames, 1}, net.labels.data(), nullptr);
        CHECK(has(error_of(SNN_ERROR_STATE, [&] { large.update(); }), "update: another trainer"));
        small.backward();
        CHECK_NOTHROW(small.update());
    }
}

TEST_CASE("every trainer has moments of its own") {
    const Classifier net;
    const InputFrames frames = net.frames();
    for (const char* backend : {"reference", "cpu"})
        for (const uint32_t optimizer : {SNN_OPTIMIZER_SGD, SNN_OPTIMIZER_ADAM}) {
            std::vector<double> weights[2];
            for (int with_other = 0; with_other < 2; ++with_other) {
                Run run(net.plan, batch, 0, backend);
                SNNTrainerDef def = definition(net.output);
                def.optimizer = optimizer;
                def.momentum = 0.5;
                Trainer trainer(*run.executor, *net.plan, batch, def);
                def.learning_rate = 0;  // leaves the weights alone, not its moments
                Trainer other(*run.executor, *net.plan, batch, def);
                const auto step = [&](Trainer& one) {
                    one.forward({&frames, 1}, net.labels.data(), nullptr);
                    one.backward();
                    one.update();
                };
                for (int i = 0; i < 4; ++i) {
                    if (with_other) step(other);
                    step(trainer);
                }
                weights[with_other] = run.read(Slot::weight, 0);
            }
            INFO(std::string(backend), " optimizer ", optimizer);
            CHECK(weights[0] == weights[1]);
        }
}

TEST_CASE("an update from a loss or gradient that is not finite is refused and leaves the weights") {
    for (const char* backend : {"reference", "cpu"}) {
        INFO(std::string(backend));
        NetworkMaker maker;
        const uint32_t input = maker.values({1}), hidden = maker.neurons({1}, "lif");
        const uint32_t output = maker.neurons({1}, "leaky_integrator");
        maker.connect({.source = input, .target = hidden, .weights = {0.0f}, .bias = {0.5f}});
        maker.connect({.source = hidden, .target = output, .weights = {3e38f}});
        const auto plan = maker.plan();
        Run run(plan, 1, 0, backend);
        // dL/dw = 1e20 * dL/d(rate), and the rate is 3e38 away from its target.
        const float huge = 1e20f, target = 3e38f;
        const InputFrames frames{input, &huge, 0};
        Trainer rates(*run.executor, *plan, 1, definition(hidden, SNN_LOSS_MEAN_SQUARE_RATE));
        CHECK(std::isfinite(rates.forward({&frames, 1}, nullptr, &target).loss.loss));
        rates.backward();
        CHECK(has(error_of(SNN_ERROR_DIVERGED, [&] { rates.update(); }), "projection 'w0': its gradient has the norm inf"));
        CHECK(run.read(Slot::weight, 0) == std::vector<double>{0});
        CHECK(rates.update_count() == 0);

        SNNTrainerDef def = definition(output, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE);
        def.step_count = 20;  // the membrane adds up spikes of 3e38 each
        Trainer membrane(*run.executor, *plan, 1, def);
        const int32_t label = 0;
        CHECK_FALSE(std::isfinite(membrane.forward({&frames, 1}, &label, nullptr).loss.loss));
        membrane.backward();
        CHECK(has(error_of(SNN_ERROR_DIVERGED, [&] { membrane.update(); }), "the loss is"));
        CHECK(run.read(Slot::weight, 1) == std::vector<double>{3e38f});
    }
}
