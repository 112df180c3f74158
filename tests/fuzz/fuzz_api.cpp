// Random sequences of valid and invalid calls of the C interface: fuzz_api SEED ITERATIONS. Nothing may crash, every status
// must be one of the header's, every error has its sentence, SNN_ERROR_INTERNAL never appears. Meant to run under
// AddressSanitizer and UndefinedBehaviorSanitizer. With -DSNN_LIBFUZZER the decisions come from libFuzzer.
#include <snn/snn.h>

#include <algorithm>

#include "api_sessions.h"

namespace {

using fuzz::scratch_size;
using fuzz::Source;

class ApiFuzzer : fuzz::SessionCalls {
public:
    explicit ApiFuzzer(Source& source) : SessionCalls(source) {}

    void step() {
        using Action = void (ApiFuzzer::*)();
        static constexpr Action actions[] = {
            &ApiFuzzer::library,        &ApiFuzzer::make_model,   &ApiFuzzer::make_network, &ApiFuzzer::make_whole_network,
            &ApiFuzzer::add_population, &ApiFuzzer::change,       &ApiFuzzer::connect,      &ApiFuzzer::connect,
            &ApiFuzzer::finish,         &ApiFuzzer::look,         &ApiFuzzer::save_load,    &ApiFuzzer::open,
            &ApiFuzzer::open,           &ApiFuzzer::give_input,   &ApiFuzzer::give_input,   &ApiFuzzer::advance,
            &ApiFuzzer::advance,        &ApiFuzzer::variables,    &ApiFuzzer::variables,    &ApiFuzzer::run,
            &ApiFuzzer::callbacks,      &ApiFuzzer::make_trainer, &ApiFuzzer::train,        &ApiFuzzer::train,
            &ApiFuzzer::encode,         &ApiFuzzer::release,
        };
        (this->*actions[source_.below(sizeof actions / sizeof actions[0])])();
    }

private:
    // ---- Training

    void make_trainer() {
        SNNTrainerDef def;
        snn_trainer_def_default(&def);
        def.struct_size = struct_size<SNNTrainerDef>();
        def.output_population = source_.chance(80) ? 2 : index(3);
        def.step_count = source_.below(9);
        def.loss = source_.chance(60) ? 1 + source_.below(2) : source_.chance(70) ? uint32_t{SNN_LOSS_NONE} : source_.below(5);
        def.optimizer = source_.below(4);
        if (source_.chance(20)) def.learning_rate = source_.number();
        if (source_.chance(20)) def.weight_decay = source_.number();
        if (source_.chance(20)) def.gradient_clip_norm = source_.number();
        if (source_.chance(20)) def.rate_regularization = source_.number();
        if (source_.chance(10)) def.beta1 = source_.number();
        SNNTrainer trainer = nullptr;
        if (CHECKED(snn_trainer_create(sessions_.pick(source_), &def, &trainer)) == SNN_OK) trainers_.add(trainer);
    }

    void train() {
        const SNNTrainer trainer = trainers_.pick(source_);
        SNNInputArray input{index(1), 1, floats(source_.chance(60)), source_.count(1 + source_.below(12))};
        for (int32_t& label : labels_) label = source_.chance(97) ? 0 : static_cast<int32_t>(source_.bits() >> 32);
        SNNBatch batch{};
        batch.struct_size = struct_size<SNNBatch>();
        batch.inputs = source_.chance(97) ? &input : nullptr;
        batch.input_count = source_.chance(95) ? 1 : 0;
        batch.labels = source_.chance(90) ? labels_.data() : nullptr;
        batch.label_count = source_.chance(60) ? batch.labels != nullptr : source_.below(4);
        batch.targets = source_.chance(10) ? floats_.data() : nullptr;
        batch.target_count = batch.targets || source_.chance(3) ? source_.below(40) : 0;
        SNNTrainResult result{};
        result.struct_size = struct_size<SNNTrainResult>();
        SNNRecordArray arrays[2];  // what a loss of the fuzzer's own sees, and its gradients
        for (SNNRecordArray& array : arrays)
            array = {index(3), source_.chance(80) ? uint32_t{SNN_FLOAT32} : source_.below(5), name({"v", "spikes", "spike_count"}),
                     source_.chance(97) ? records_.data() : nullptr,
                     source_.chance(3)
                         ? source_.count(1)
                         : std::min<size_t>((1 + source_.below(8)) * (1 + source_.below(12)), scratch_size / 2)};
        switch (source_.below(9)) {
            case 0: CHECKED(snn_trainer_backward(trainer)); break;
            case 6: CHECKED(snn_trainer_run(trainer, &batch, arrays, source_.below(3), &result)); break;
            case 7:
            case 8:
                CHECKED(snn_trainer_run_backward(trainer, source_.number(), arrays, source_.below(2), arrays + 1, source_.below(2)));
                break;
            case 1: CHECKED(snn_trainer_update(trainer)); break;
            case 2: CHECKED(snn_trainer_scores(trainer, scratch_.data(), source_.below(20))); break;
            case 3: CHECKED(snn_trainer_forward(trainer, &batch, &result)); break;
            default: CHECKED(snn_trainer_step(trainer, &batch, &result));
        }
        CHECKED(snn_trainer_set_learning_rate(trainer, source_.number()));
        SNNEpoch epoch{struct_size<SNNEpoch>(), 0, 0, 0, 0};
        if (source_.chance(10)) CHECKED(snn_trainer_end_epoch(trainer, &epoch));
    }

    // ---- Encoding and releasing

    void encode() {
        SNNEncoderDef def;
        snn_encoder_def_default(&def);
        def.struct_size = struct_size<SNNEncoderDef>();
        def.kind = source_.below(5);
        def.step_count = source_.below(10);
        if (source_.chance(20)) def.gain = static_cast<float>(source_.number());
        if (source_.chance(20)) def.threshold = static_cast<float>(source_.number());
        const size_t samples = source_.below(4), features = source_.below(9);
        const size_t frame = samples * features, count = def.kind == SNN_ENCODE_DELTA ? def.step_count * frame : frame;
        CHECKED(snn_encode(&def, floats(), std::min(source_.count(count), scratch_size), source_.chance(97) ? samples : SIZE_MAX,
                           features, scratch_.data(), source_.count(def.step_count * frame)));
    }

    void release() {
        switch (source_.below(6)) {
            case 0: snn_model_release(models_.pick(source_)); break;
            case 1: snn_network_release(networks_.pick(source_)); break;
            case 2: snn_destroy_network(sessions_.pick(source_)); break;
            case 3: snn_trainer_release(trainers_.pick(source_)); break;
            case 4: CHECKED(snn_network_retain(networks_.pick(source_))); break;
            default: {
                SNNNetwork network = nullptr;
                if (CHECKED(snn_session_to_network(sessions_.pick(source_), &network)) == SNN_OK) networks_.add(network);
            }
        }
    }
};

constexpr int calls_per_sequence = 60;

}  // namespace

#if defined(SNN_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Source source(data, size);
    ApiFuzzer fuzzer(source);
    while (!source.empty()) fuzzer.step();
    return 0;
}
#else
int main(int argc, char** argv) {
    return fuzz::run(argc, argv, "sequences of actions", "without a crash", [](Source& source) {
        ApiFuzzer fuzzer(source);
        for (int call = 0; call < calls_per_sequence; ++call) fuzzer.step();
        return true;
    });
}
#endif
