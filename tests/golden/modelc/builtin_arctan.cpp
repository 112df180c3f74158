// Printed by engine/modelc; not edited by hand.
#include "builtin_models.h"

namespace snn {

namespace {

}  // namespace

const BuiltinDocument builtin_neurons[] = {
};
const std::size_t builtin_neuron_count = 0;

namespace {

const char surrogate_arctan[] =
    "{\"format\":1,\"kind\":\"surrogate\",\"name\":\"arctan\",\"title\":\"Arctangent\",\"parameters\":[{\"name\":\"slope\",\"unit\":\"1/u\",\"default\""
    ":2,\"doc\":\"Steepness; the peak is slope / 2\",\"exclusive_minimum\":0},{\"name\":\"scale\",\"unit\":\"1\",\"default\":1,\"doc\":\"Factor "
    "of the whole derivative\",\"minimum\":0}],\"derivative\":{\"ops\":[[\"const\",1.5707963267948966],[\"mul\",3,0],[\"mul\",4,2],[\"const"
    "\",0.5],[\"mul\",6,0],[\"mul\",1,7],[\"const\",1],[\"mul\",5,5],[\"add\",9,10],[\"div\",8,11]],\"output\":12},\"smooth\":{\"ops\":[[\"const\""
    ",0.3183098861837907],[\"const\",1.5707963267948966],[\"mul\",4,0],[\"mul\",5,2],[\"atan\",6],[\"mul\",3,7],[\"const\",0.5],[\"add\",8,"
    "9],[\"mul\",1,10]],\"output\":11}}";

}  // namespace

const BuiltinDocument builtin_surrogates[] = {
    {"arctan", surrogate_arctan},
};
const std::size_t builtin_surrogate_count = 1;

namespace {

}  // namespace

const BuiltinDocument builtin_plasticity_rules[] = {
};
const std::size_t builtin_plasticity_rule_count = 0;

}  // namespace snn
