// The C interface: training.
#include <algorithm>

#include "api/guard.h"
#include "api/objects.h"
#include "train/trainer.h"

using namespace snn;
using namespace snn::api;

namespace {

class SessionOfTrainer final : public TrainedSession {
public:
    explicit SessionOfTrainer(Session& session) : session_(session) {}
    void begin_run(bool anew) override { session_.state().begin_training_run(anew); }
    void end_run(uint64_t steps_since_reset) override { session_.state().end_training_run(steps_since_reset); }
    void fail_run() noexcept override { session_.state().fail_training_run(); }
    const Parameters& parameters_of(uint32_t population) const override {
        return session_.variables().parameters_of(population);
    }
    void set_parameters(uint32_t population, Parameters parameters, const PopulationConstants& constants) override {
        session_.variables().set_parameters(population, std::move(parameters), constants);
    }
    void set_parameter_gradients(uint32_t population, const Parameters& gradients) override {
        session_.variables().set_parameter_gradients(population, gradients);
    }

private:
    Session& session_;
};

// The session owns its trainers, because their memory is of its device and its allocator: a trainer that nobody released
// ends with the session. Only a call in progress keeps a session alive, by the pointer that with_trainer() holds.
struct TrainerObject {
    std::weak_ptr<Session> session;
    Trainer* trainer;  // valid while the session lives
    SessionOfTrainer trained;  // the session, as the trainer sees it

    TrainerObject(std::shared_ptr<Session> the_session, const SNNTrainerDef& def)
        : session(the_session), trained(*the_session) {
        the_session->prepare_to_train();
        const OpenNetwork& opened = the_session->opened();
        auto owned = std::make_shared<Trainer>(opened.executor(), opened.plan(), opened.batch_size(), def, &trained);
        trainer = owned.get();
        the_session->gate().own(std::move(owned));
    }
    ~TrainerObject() {
        if (const std::shared_ptr<Session> alive = session.lock()) alive->gate().disown(trainer);
    }
    TrainerObject(const TrainerObject&) = delete;
    TrainerObject& operator=(const TrainerObject&) = delete;
};

struct TrainerCall {
    Session& session;
    Trainer& trainer;
};

template <class Function>
SNNStatus with_trainer(SNNTrainer handle, Function&& function, uint32_t access = SessionGate::ordinary) noexcept {
    return guarded([&] {
        const Pinned<TrainerObject> object(handle, HandleType::trainer, "trainer");
        const std::shared_ptr<Session> session = object->session.lock();
        if (!session) throw Error(SNN_ERROR_INVALID_HANDLE, "the session of this trainer has been destroyed");
        const SessionGate::Entry entry(session->gate(), access);
        function(TrainerCall{*session, *object->trainer});
    });
}

SNNTrainResult answer_of(const ForwardResult& result) {
    SNNTrainResult answer_struct{};
    answer_struct.sample_count = result.loss.sample_count;
    answer_struct.correct_count = result.loss.correct_count;
    answer_struct.loss = result.loss.loss;
    answer_struct.spike_count = result.spike_count;
    return answer_struct;
}

SNNBatch checked_batch(const TrainerCall& call, const SNNBatch* batch) {
    const SNNBatch given = complete(batch, "batch");
    check_sizes(given.spike_inputs, given.spike_input_count, "batch->spike_inputs");
    call.trainer.check_targets(given.labels, given.label_count, given.targets, given.target_count);
    return given;
}

// `records` null: the trainer's own loss; else what a loss of the caller's looks at.
SNNTrainResult forward(const TrainerCall& call, const SNNBatch* batch,
                       const std::span<const SNNRecordArray>* records = nullptr) {
    const SNNBatch given = checked_batch(call, batch);
    const uint32_t steps = call.trainer.step_count();
    const CallerArrays::BatchInputs inputs = call.session.arrays().inputs(given, steps, call.trainer.keeps_all_steps());
    const ForwardResult result =
        records ? call.trainer.run(inputs.frames, given.labels, call.session.arrays().records(*records, steps))
                : call.trainer.forward(inputs.frames, given.labels, given.targets);
    return answer_of(result);
}

std::span<const SNNRecordArray> arrays(const SNNRecordArray* first, uint32_t count, const char* name) {
    if (count > 0 && !first) throw Error(SNN_ERROR_INVALID_ARGUMENT, name, " is null but its count is ", count);
    return {first, count};
}

void backward(const TrainerCall& call) {
    call.trainer.backward();
    call.session.variables().gradients_ready();
}

void update(const TrainerCall& call) {
    Session& session = call.session;
    call.trainer.update();
    session.variables().weights_changed();
    if (!session.listeners().hear_weights()) return;
    const auto& projections = session.network().projections();
    for (uint32_t p = 0; p < projections.size(); ++p) {
        if (!projections[p].trainable) continue;
        session.listeners().tell(
            SNNWeightUpdate{sizeof(SNNWeightUpdate), p, call.trainer.update_count(), call.trainer.gradient_norm(p)});
    }
}

// All windows of a batch, each with its update.
SNNTrainResult step(const TrainerCall& call, const SNNBatch* batch) {
    const SNNBatch given = checked_batch(call, batch);
    const CallerArrays::BatchInputs inputs =
        call.session.arrays().inputs(given, call.trainer.step_count(), call.trainer.keeps_all_steps());
    ForwardResult sum;
    for (uint32_t window = 0, count = call.trainer.window_count(); window < count; ++window) {
        const ForwardResult result = call.trainer.forward_window(window, inputs.frames, given.labels, given.targets);
        backward(call);
        update(call);
        sum.loss = {sum.loss.loss + result.loss.loss / count, result.loss.sample_count, result.loss.correct_count};
        sum.spike_count += result.spike_count;
    }
    return answer_of(sum);
}

}  // namespace

extern "C" {

void snn_trainer_def_init(SNNTrainerDef* out_def, uint32_t struct_size) {
    SNNTrainerDef defaults{};
    defaults.step_count = 25;
    defaults.loss = SNN_LOSS_CROSS_ENTROPY_COUNT;
    defaults.optimizer = SNN_OPTIMIZER_ADAM;
    defaults.rate_on = 0.8f;
    defaults.learning_rate = 1e-3;
    defaults.beta1 = 0.9;
    defaults.beta2 = 0.999;
    defaults.epsilon = 1e-8;
    defaults.parameter_rate_factor = 1.0;
    defaults.van_rossum_tau_ms = 10.0;
    defaults.window_updates = 1;
    initialize(out_def, struct_size, defaults);
}

SNNStatus snn_trainer_create(SNNHandle handle, const SNNTrainerDef* def, SNNTrainer* out_trainer) {
    return guarded([&] {
        required(out_trainer, "out_trainer");
        const PinnedSession session = pin_session(handle);
        const SessionGate::Entry entry(session->gate());
        const SNNTrainerDef complete_def = complete(def, snn_trainer_def_init, "def");
        auto object = std::make_shared<TrainerObject>(session.shared(), complete_def);
        *out_trainer = reinterpret_cast<SNNTrainer>(handle_table().insert(HandleType::trainer, std::move(object)));
    });
}

void snn_trainer_release(SNNTrainer trainer) {
    handle_table().release(reinterpret_cast<uintptr_t>(trainer), HandleType::trainer);
}

SNNStatus snn_trainer_step(SNNTrainer trainer, const SNNBatch* batch, SNNTrainResult* io_result) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        if (io_result) checked_size(*io_result, "io_result");
        const SNNTrainResult result = step(call, batch);
        if (io_result) answer(io_result, result, "io_result");
    });
}

SNNStatus snn_trainer_forward(SNNTrainer trainer, const SNNBatch* batch, SNNTrainResult* io_result) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        if (io_result) checked_size(*io_result, "io_result");
        const SNNTrainResult result = forward(call, batch);
        if (io_result) answer(io_result, result, "io_result");
    });
}

SNNStatus snn_trainer_backward(SNNTrainer trainer) {
    return with_trainer(trainer, [](const TrainerCall& call) { backward(call); });
}

SNNStatus snn_trainer_update(SNNTrainer trainer) {
    return with_trainer(trainer, [](const TrainerCall& call) { update(call); });
}

SNNStatus snn_trainer_run(SNNTrainer trainer, const SNNBatch* batch, const SNNRecordArray* records, uint32_t record_count,
                          SNNTrainResult* io_result) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        if (io_result) checked_size(*io_result, "io_result");
        const std::span<const SNNRecordArray> given = arrays(records, record_count, "records");
        const SNNTrainResult result = forward(call, batch, &given);
        if (io_result) answer(io_result, result, "io_result");
    });
}

SNNStatus snn_trainer_run_backward(SNNTrainer trainer, double loss, const SNNRecordArray* gradients, uint32_t gradient_count,
                                   const SNNRecordArray* input_gradients, uint32_t input_gradient_count) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        const uint32_t steps = call.trainer.step_count();
        call.trainer.run_backward(
            loss, call.session.arrays().gradients(arrays(gradients, gradient_count, "gradients"), steps),
            call.session.arrays().input_gradients(arrays(input_gradients, input_gradient_count, "input_gradients"), steps));
        call.session.variables().gradients_ready();
    });
}

SNNStatus snn_trainer_scores(SNNTrainer trainer, float* out_scores, size_t count) {
    return with_trainer(
        trainer,
        [&](const TrainerCall& call) {
            const std::span<const double> scores = call.trainer.scores();
            if (!out_scores) throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_scores is null");
            if (count != scores.size())
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "count is ", count, "; there are ", scores.size(),
                            " scores (batch_size x outputs)");
            std::transform(scores.begin(), scores.end(), out_scores, [](double score) { return static_cast<float>(score); });
        },
        SessionGate::reading);
}

SNNStatus snn_trainer_get_state(SNNTrainer trainer, double* out_values, size_t* io_count) {
    return with_trainer(
        trainer,
        [&](const TrainerCall& call) {
            const size_t capacity = required(io_count, "io_count"), count = call.trainer.state_count();
            *io_count = count;
            if (!out_values) return;
            if (capacity < count)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "*io_count is ", capacity, "; there are ", count, " values");
            call.trainer.read_state({out_values, count});
        },
        SessionGate::reading);
}

SNNStatus snn_trainer_set_state(SNNTrainer trainer, const double* values, size_t count) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        required(values, "values");
        if (count != call.trainer.state_count())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "count is ", count, "; the state of this trainer has ",
                        call.trainer.state_count(), " values");
        call.trainer.write_state({values, count});
        call.session.variables().weights_changed();  // those that normalisation, few bits or delays are folded into
    });
}

SNNStatus snn_trainer_set_auxiliary_loss(SNNTrainer trainer, uint32_t population, uint32_t loss, double weight) {
    return with_trainer(trainer, [&](const TrainerCall& call) { call.trainer.set_auxiliary_loss(population, loss, weight); });
}

SNNStatus snn_trainer_loss_of(SNNTrainer trainer, uint32_t population, double* out_loss) {
    return with_trainer(
        trainer, [&](const TrainerCall& call) { required(out_loss, "out_loss") = call.trainer.loss_of(population); },
        SessionGate::reading);
}

SNNStatus snn_trainer_set_class_weights(SNNTrainer trainer, const float* weights, size_t count) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        if (count > 0) required(weights, "weights");
        call.trainer.set_class_weights({weights, count});
    });
}

SNNStatus snn_trainer_set_dropout(SNNTrainer trainer, uint32_t population, double probability, uint64_t seed) {
    return with_trainer(trainer, [&](const TrainerCall& call) { call.trainer.set_dropout(population, probability, seed); });
}

SNNStatus snn_trainer_set_quantization(SNNTrainer trainer, uint32_t projection, uint32_t bits, uint32_t per_channel) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        check_flag(per_channel, text("projection ", projection), "per_channel");
        call.trainer.set_quantization(projection, bits, per_channel == 1);
        call.session.variables().weights_changed();
    });
}

SNNStatus snn_trainer_set_normalization(SNNTrainer trainer, uint32_t projection, double scale, double momentum,
                                        double epsilon) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        call.trainer.set_normalization(projection, scale, momentum, epsilon);
        call.session.variables().weights_changed();
    });
}

SNNStatus snn_trainer_set_delay_learning(SNNTrainer trainer, uint32_t projection, uint32_t kernel, double width,
                                         double rate_factor) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        call.trainer.set_delay_learning(projection, kernel, width, rate_factor);
        call.session.variables().weights_changed();
    });
}

SNNStatus snn_trainer_set_learning_rate(SNNTrainer trainer, double learning_rate) {
    return with_trainer(trainer, [&](const TrainerCall& call) { call.trainer.set_learning_rate(learning_rate); });
}

SNNStatus snn_trainer_end_epoch(SNNTrainer trainer, SNNEpoch* io_epoch) {
    return with_trainer(trainer, [&](const TrainerCall& call) {
        if (io_epoch) checked_size(*io_epoch, "io_epoch");
        const SNNEpoch epoch = call.trainer.end_epoch();
        if (io_epoch) answer(io_epoch, epoch, "io_epoch");
        call.session.listeners().tell(epoch);
    });
}

}  // extern "C"
