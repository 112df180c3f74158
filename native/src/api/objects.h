// What the handles of networks, models and sessions stand for, and how a call keeps it alive while it uses it.
#pragma once

#include <snn/snn.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "api/handles.h"
#include "common/error.h"
#include "network/network.h"
#include "schedule/session.h"

namespace snn::api {

struct NetworkObject {
    std::mutex mutex;
    std::shared_ptr<Network> network;

    std::shared_ptr<const Network> finished() {
        const std::lock_guard lock(mutex);
        if (!network->finished())
            throw Error(SNN_ERROR_STATE, "the network is not finished; finish it first");
        return network;
    }
};

struct ModelObject {
    std::shared_ptr<const Model> model;  // one of the three
    std::shared_ptr<const Surrogate> surrogate;
    std::shared_ptr<const PlasticityRule> plasticity;

    const std::string& json() const { return model ? model->json : surrogate ? surrogate->json : plasticity->json; }
    std::string describe() const {
        if (model) return "the neuron model '" + model->name + "'";
        return surrogate ? "the surrogate '" + surrogate->name + "'" : "the plasticity rule '" + plasticity->name + "'";
    }
};

using PinnedNetwork = Pinned<NetworkObject>;
using PinnedModel = Pinned<ModelObject>;
using PinnedSession = Pinned<Session>;

inline PinnedNetwork pin_network(SNNNetwork handle) { return {handle, HandleType::network, "network"}; }
inline PinnedModel pin_model(SNNModel handle) { return {handle, HandleType::model, "model"}; }
inline PinnedSession pin_session(SNNHandle handle) { return {handle, HandleType::session, "handle"}; }

inline SNNNetwork new_network_handle(std::shared_ptr<const Network> network) {
    auto object = std::make_shared<NetworkObject>();
    object->network = std::const_pointer_cast<Network>(std::move(network));  // finished: no call changes it any more
    return reinterpret_cast<SNNNetwork>(handle_table().insert(HandleType::network, std::move(object)));
}

inline SNNModel new_model_handle(ModelObject object) {
    return reinterpret_cast<SNNModel>(
        handle_table().insert(HandleType::model, std::make_shared<ModelObject>(std::move(object))));
}

}  // namespace snn::api
