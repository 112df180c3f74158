// What a session does that cannot be seen through the C interface.
#include <doctest/doctest.h>

#include <string>

#include "common/error.h"
#include "schedule/session.h"
#include "small_networks.h"

using namespace snn;
using namespace snn::test;

TEST_CASE("a callback that throws does not leave the session open to reading") {
    NetworkMaker maker;
    maker.neurons({1}, "lif");
    SessionOptions options;
    options.device = "reference";
    Session session(maker.plan()->network, options);
    const Session::Entry entry(session);
    session.call_back([&] { CHECK_NOTHROW(Session::Entry(session, true)); });
    CHECK_THROWS_AS(session.call_back([] { throw std::string("from the host"); }), std::string);
    try {
        const Session::Entry nested(session, true);
        FAIL("entered");
    } catch (const Error& error) {
        CHECK(error.status() == SNN_ERROR_BUSY);
    }
}
