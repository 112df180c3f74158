// The C interface: training.
#include <algorithm>

#include "api/guard.h"
#include "train/trainer.h"

using namespace snn;
using namespace snn::api;

namespace {

// A trainer keeps its session alive; once the session is destroyed, every call says so.
struct TrainerObject {
    std::shared_ptr<Session> session;
    Trainer trainer;
};

template <class Function>
SNNStatus with_trainer(SNNTrainer handle, Function&& function, bool reading = false) noexcept {
    return guarded([&] {
        const Pinned<TrainerObject> object(handle, HandleType::trainer, "trainer");
        const Session::Entry entry(*object->session, reading);
        function(*object);
    });
}

SNNTrainResult forward(TrainerObject& object, const SNNBatch* batch) {
    const SNNBatch given = complete(
        batch, +[](SNNBatch* out) { *out = SNNBatch{sizeof(SNNBatch), 0, nullptr, nullptr, nullptr}; }, "batch");
    object.trainer.check_targets(given.labels, given.targets);
    const std::vector<InputFrames> frames =
        object.session->checked_inputs(given.inputs, given.input_count, object.trainer.step_count(), true);
    const ForwardResult result = object.trainer.forward(frames, given.labels, given.targets);
    object.session->restarted(object.trainer.step_count());
    SNNTrainResult answer_struct{};
    answer_struct.sample_count = result.loss.sample_count;
    answer_struct.correct_count = result.loss.correct_count;
    answer_struct.loss = result.loss.loss;
    answer_struct.spike_count = result.spike_count;
    return answer_struct;
}

void update(TrainerObject& object) {
    Session& session = *object.session;
    object.trainer.update();
    session.weights_changed();
    if (!session.weight_callback) return;
    const auto& projections = session.network()->projections();
    for (uint32_t p = 0; p < projections.size(); ++p) {
        if (!projections[p].trainable) continue;
        const SNNWeightUpdate event{object.trainer.update_count(), p, object.trainer.gradient_norm(p)};
        session.call_back([&] { session.weight_callback(session.handle, &event, session.weight_user); });
    }
}

}  // namespace

extern "C" {

void snn_trainer_def_default(SNNTrainerDef* out_def) {
    if (!out_def) return;
    *out_def = SNNTrainerDef{};
    out_def->struct_size = sizeof(SNNTrainerDef);
    out_def->step_count = 25;
    out_def->loss = SNN_LOSS_CROSS_ENTROPY_COUNT;
    out_def->optimizer = SNN_OPTIMIZER_ADAM;
    out_def->rate_on = 0.8f;
    out_def->learning_rate = 1e-3;
    out_def->beta1 = 0.9;
    out_def->beta2 = 0.999;
    out_def->epsilon = 1e-8;
}

SNNStatus snn_trainer_create(SNNHandle handle, const SNNTrainerDef* def, SNNTrainer* out_trainer) {
    return guarded([&] {
        required(out_trainer, "out_trainer");
        const PinnedSession session = pin_session(handle);
        const Session::Entry entry(*session);
        const SNNTrainerDef complete_def = complete(def, snn_trainer_def_default, "def");
        auto object = std::make_shared<TrainerObject>(
            TrainerObject{session.shared(), {session->executor(), session->plan(), session->batch_size(), complete_def}});
        *out_trainer = reinterpret_cast<SNNTrainer>(handle_table().insert(HandleType::trainer, std::move(object)));
    });
}

void snn_trainer_release(SNNTrainer trainer) {
    handle_table().release(reinterpret_cast<uintptr_t>(trainer), HandleType::trainer);
}

SNNStatus snn_trainer_step(SNNTrainer trainer, const SNNBatch* batch, SNNTrainResult* io_result) {
    return with_trainer(trainer, [&](TrainerObject& object) {
        if (io_result) checked_size(*io_result, "io_result");
        const SNNTrainResult result = forward(object, batch);
        object.trainer.backward();
        object.session->gradients_ready();
        update(object);
        if (io_result) answer(io_result, result, "io_result");
    });
}

SNNStatus snn_trainer_forward(SNNTrainer trainer, const SNNBatch* batch, SNNTrainResult* io_result) {
    return with_trainer(trainer, [&](TrainerObject& object) {
        if (io_result) checked_size(*io_result, "io_result");
        const SNNTrainResult result = forward(object, batch);
        if (io_result) answer(io_result, result, "io_result");
    });
}

SNNStatus snn_trainer_backward(SNNTrainer trainer) {
    return with_trainer(trainer, [](TrainerObject& object) {
        object.trainer.backward();
        object.session->gradients_ready();
    });
}

SNNStatus snn_trainer_update(SNNTrainer trainer) {
    return with_trainer(trainer, [](TrainerObject& object) { update(object); });
}

SNNStatus snn_trainer_scores(SNNTrainer trainer, float* out_scores, size_t count) {
    return with_trainer(
        trainer,
        [&](TrainerObject& object) {
            const std::span<const double> scores = object.trainer.scores();
            if (!out_scores) throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_scores is null");
            if (count != scores.size())
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "count is ", count, "; there are ", scores.size(),
                            " scores (batch_size x outputs)");
            std::transform(scores.begin(), scores.end(), out_scores, [](double score) { return static_cast<float>(score); });
        },
        true);
}

SNNStatus snn_trainer_set_learning_rate(SNNTrainer trainer, double learning_rate) {
    return with_trainer(trainer, [&](TrainerObject& object) { object.trainer.set_learning_rate(learning_rate); });
}

SNNStatus snn_trainer_end_epoch(SNNTrainer trainer, SNNEpoch* out_epoch) {
    return with_trainer(trainer, [&](TrainerObject& object) {
        const SNNEpoch epoch = object.trainer.end_epoch();
        if (out_epoch) *out_epoch = epoch;
        Session& session = *object.session;
        if (session.epoch_callback)
            session.call_back([&] { session.epoch_callback(session.handle, &epoch, session.epoch_user); });
    });
}

}  // extern "C"
