// A first network in C++: learns exclusive-or by surrogate-gradient training, is saved, loaded and asked again.
#include <snn/snn.hpp>

#include <array>
#include <cstdio>
#include <vector>

namespace {

constexpr uint32_t samples = 4, steps = 20, hidden_size = 32, classes = 2;

// Two bits and a constant, for each of the four cases.
const std::vector<float> inputs{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1};
const std::array<int32_t, samples> labels{0, 1, 1, 0};

snn::Network build() {
    snn::Network network(1.0);
    std::vector<float> first(3 * hidden_size), second(hidden_size * classes);
    snn::random_normal(1, 0, 0.1, 0.3, first);
    snn::random_normal(1, 1, 0.0, 0.2, second);
    const uint32_t bits = network.add_value_input("bits", {3});
    const uint32_t hidden = network.add_neurons("hidden", {hidden_size}, "lif");
    const uint32_t answer = network.add_neurons("answer", {classes}, "leaky_integrator");
    network.connect_dense(bits, hidden, first);
    network.connect_dense(hidden, answer, second);
    network.finish();
    return network;
}

int count_right(snn::Session& session) {
    session.reset();
    session.set_input(0, inputs);
    std::vector<float> sum(samples * classes);  // of the membrane over time, as in the loss below
    for (uint32_t step = 0; step < steps; ++step) {
        session.step();
        const std::vector<float> v = session.membrane_potentials("answer");
        for (size_t i = 0; i < sum.size(); ++i) sum[i] += v[i];
    }
    int right = 0;
    for (uint32_t i = 0; i < samples; ++i) right += (sum[2 * i + 1] > sum[2 * i]) == (labels[i] == 1);
    return right;
}

}  // namespace

int main() {
    try {
        snn::SessionOptions options;
        options.batch_size = samples;
        snn::Session session(build(), options);
        SNNTrainerDef def = snn::trainer_def();
        def.output_population = 2;
        def.step_count = steps;
        def.loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE;
        def.learning_rate = 0.02;
        snn::Trainer trainer(session, def);
        const std::array<SNNInputArray, 1> batch{SNNInputArray{0, 1, inputs.data(), inputs.size()}};
        std::printf("before: %d of 4 right\n", count_right(session));
        for (int i = 1; i <= 200; ++i) {
            const SNNTrainResult result = trainer.step(batch, labels);
            if (i % 50 == 0) std::printf("update %d: loss %.3f\n", i, result.loss);
        }
        std::printf("trained: %d of 4 right\n", count_right(session));
        session.to_network().save("exclusive_or.snn");
        snn::Session loaded = snn::Session::open("exclusive_or.snn", options);
        std::remove("exclusive_or.snn");
        std::printf("loaded: %d of 4 right\n", count_right(loaded));
        return 0;
    } catch (const snn::Error& error) {
        std::fprintf(stderr, "%s: %s\n", snn_status_name(error.status()), error.what());
        return 1;
    }
}
