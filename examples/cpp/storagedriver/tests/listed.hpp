/// The entries of a listing that a host has received: their order, and how many they are.

#pragma once

#include <string>
#include <utility>

#include "session.hpp"

namespace storagedriver::testing {

class Listed {
  public:
    /// Take the entries of a message, and check the count of the one that ends the call.
    /// ProtocolError if something is wrong.
    void count(const Session& session, const Message& message);

  private:
    void take(const std::string& method, const Content& content);

    std::uint64_t entries_ = 0;
    std::pair<std::string, std::string> last_;
};

}  // namespace storagedriver::testing
