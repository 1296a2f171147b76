/// A driver that is served in a process of its own, as a host sees it.

#include <gtest/gtest.h>

#include <algorithm>

#include "host.hpp"
#include "json.hpp"

namespace storagedriver::testing {
namespace {

using namespace std::string_view_literals;

std::string code_of(const Response& response) {
    return response.error ? std::string(response.error->text("code").value_or("")) : "none";
}

TEST(Serving, HelloChannelsAndShutdown) {
    Host host;
    auto control = host.accept_control();
    const auto hello = host.hello(control);
    ASSERT_TRUE(hello.result);
    EXPECT_EQ(hello.result->text("version"), "0.1");
    EXPECT_EQ(hello.result->text("name"), "probe");
    EXPECT_EQ(hello.result->count("max_chunk"), 65'536);
    auto worker = host.open_channel(control, 1);
    EXPECT_EQ(worker.call("Stat", {{"path", "/a"}}).result->count("size"), 7);
    EXPECT_EQ(code_of(control.call("Shutdown")), "none");
    EXPECT_EQ(host.wait(), 0);
}

TEST(Serving, ChannelsThatAreInUseOrElsewhereAreRefused) {
    Host host;
    auto control = host.accept_control();
    host.hello(control);
    const auto worker = host.open_channel(control, 1);
    const Map again{{"channel", 1}, {"endpoint", "ipc:///tmp/x"}};
    EXPECT_EQ(code_of(control.call("OpenChannel", again)), "InvalidParameters");
    const Map elsewhere{{"channel", 2}, {"endpoint", "tcp://10.0.0.1:1"}};
    EXPECT_EQ(code_of(control.call("OpenChannel", elsewhere)), "InvalidParameters");
}

TEST(Serving, WhateverIsThrownAndUnknownMethodsAreAnswered) {
    Host host;
    auto control = host.accept_control();
    host.hello(control);
    auto worker = host.open_channel(control, 1);
    for (const auto* path : {"/throw", "/throw-number"}) {
        EXPECT_EQ(code_of(worker.call("Delete", {{"path", path}})), "Internal");
    }
    EXPECT_EQ(code_of(worker.call("Teleport")), "UnsupportedMethod");
    EXPECT_EQ(code_of(worker.call("Walk", {{"path", "/"}, {"credit", 16'384}})),
              "UnsupportedMethod");
    EXPECT_EQ(code_of(worker.call("Stat", {{"path", "/b"}})), "none");
}

TEST(Serving, ABreachEndsItsChannelAndNoOther) {
    Host host;
    auto control = host.accept_control();
    host.hello(control);
    unsigned number = 0;
    for (const auto breach : {"\xc1"sv, ""sv, "\x91\x08\x91"sv, "\x94\x00\x01\xa5Hello\x80"sv}) {
        auto worker = host.open_channel(control, ++number);
        worker.send_raw(breach);
        EXPECT_EQ(code_of(worker.response()), "ProtocolError");
        EXPECT_EQ(code_of(control.call("Ping")), "none");
    }
}

TEST(Serving, ACancelStopsAWrite) {
    Host host;
    auto control = host.accept_control();
    host.hello(control);
    auto worker = host.open_channel(control, 1);
    const auto id = worker.begin("PutContent", {{"path", "/a"}});
    worker.send(Cancel{id});
    EXPECT_EQ(code_of(worker.response()), "Cancelled");
}

TEST(Serving, ALostHostEndsABusyDriverWhichAnswersPings) {
    Host host;
    auto control = host.accept_control();
    host.hello(control);
    auto worker = host.open_channel(control, 9);
    worker.begin("Delete", {{"path", "/sleep"}});
    std::size_t busy = 0;
    while (busy == 0) {
        const auto ping = control.call("Ping");
        ASSERT_TRUE(ping.result);
        busy = ping.result->find("workers")->as<Array>()->size();
    }
    EXPECT_EQ(host.wait(), 0);
}

TEST(Serving, WrongParametersAreToldByHello) {
    Host host("{\"wrong\": 1}");
    auto control = host.accept_control();
    EXPECT_EQ(code_of(host.hello(control)), "InvalidParameters");
    EXPECT_EQ(host.wait(), 0);
}

TEST(Serving, StartedByHandItExplainsItself) {
    const auto ran = run_by_hand({});
    EXPECT_EQ(ran.status, 64);
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 2);
}

TEST(Serving, TheVersionIsOneLineOfJson) {
    const auto ran = run_by_hand({"--version"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(std::ranges::count(ran.out, '\n'), 1);
    const auto about = parse_json(ran.out);
    ASSERT_TRUE(about && about->as<Map>());
    EXPECT_EQ(about->as<Map>()->text("name"), "probe");
}

}  // namespace
}  // namespace storagedriver::testing
