#include "storagedriver/serve.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "json.hpp"
#include "lifeline.hpp"
#include "serving.hpp"
#include "storagedriver/log.hpp"
#include "text.hpp"
#include "version.hpp"

namespace storagedriver {
namespace {

namespace fs = std::filesystem;

constexpr auto endpoint_variable = "STORAGEDRIVER_ENDPOINT";
constexpr int exit_usage = 64;

/// Exiting right after a send would lose what was sent; the host lets go when it has it.
constexpr std::chrono::seconds last_answer_time{5};

void print_version(std::string_view name, const Features& features) {
    Array told;
    for (const auto feature : told_features(features)) told.emplace_back(feature);
    std::cout << to_json(Map{{"name", name},
                             {"version", current_version.text()},
                             {"features", std::move(told)},
                             {"transports", Array{"ipc", "tcp"}}})
              << "\n";
}

int explain(std::string_view name) {
    std::cerr << concat("registry-storage-", name,
                        " is a storage driver; a host program starts it and talks to it.\n"
                        "To use it from a terminal: storagedriver check ",
                        name, ", or storagedriver --help.\n");
    return exit_usage;
}

/// Remove the directory of an ipc endpoint, which the host made for this process alone. What is no
/// socket of a channel stays, and the directory with it.
void remove_sockets_of(std::string_view endpoint) {
    constexpr std::string_view scheme = "ipc://";
    if (!endpoint.starts_with(scheme)) return;
    const auto directory = fs::path(endpoint.substr(scheme.size())).parent_path();
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
        const auto is_number =
            entry.path().filename().string().find_first_not_of("0123456789") == std::string::npos;
        if (is_number && entry.is_socket(ignored)) fs::remove(entry.path(), ignored);
    }
    fs::remove(directory, ignored);
}

/// End the process in the middle of whatever its threads do.
[[noreturn]] void exit_without_host(std::string_view endpoint) {
    remove_sockets_of(endpoint);
    std::_Exit(EXIT_SUCCESS);
}

Parameters parameters_of(FirstLine& first, std::string_view argument) {
    if (first.parameters) return *std::move(first.parameters);
    auto value = parse_json(argument);
    auto* map = value ? value->as<Map>() : nullptr;
    if (map == nullptr) throw std::runtime_error("the first argument is not a JSON object");
    return std::move(*map);
}

[[noreturn]] void run(std::string_view name, std::string_view argument, const std::string& endpoint,
                      const Factory& factory) {
    Lifeline lifeline;
    auto first = lifeline.read_first_line();
    const auto parameters = parameters_of(first, argument);
    // Neither is ever destroyed: the thread of the lifeline has them until the process ends.
    auto& ended = *new Ended;
    auto& is_ending = *new std::atomic<bool>(false);
    lifeline.watch([&ended, &is_ending, endpoint] {
        ended.tell();
        if (!is_ending) exit_without_host(endpoint);
    });
    const auto make_driver = [&] { return factory(parameters); };
    Serving serving(std::string(name), first.token, endpoint, is_ending, make_driver);
    const auto control = serving.run();
    if (control == nullptr) exit_without_host(endpoint);
    ended.wait_for(last_answer_time);
    // Without unwinding: threads that are still in a call hold sockets and the driver.
    std::_Exit(EXIT_SUCCESS);
}

}  // namespace

int serve(int argc, char** argv, std::string_view name, const Features& features,
          const Factory& factory) {
    const std::vector<std::string> arguments(argv + 1, argv + std::max(argc, 1));
    if (arguments == std::vector<std::string>{"--version"}) {
        print_version(name, features);
        return EXIT_SUCCESS;
    }
    const auto* endpoint = std::getenv(endpoint_variable);
    if (arguments.size() != 1 || endpoint == nullptr || *endpoint == '\0') return explain(name);
    // A log that nobody reads any more is no reason to end.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    try {
        run(name, arguments.front(), endpoint, factory);
    } catch (const std::exception& error) {
        std::cerr << concat("registry-storage-", name, ": ", error.what(), "\n");
        return exit_usage;
    }
}

}  // namespace storagedriver
