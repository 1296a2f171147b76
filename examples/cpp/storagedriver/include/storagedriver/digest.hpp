/// Whether a content has the digest that it should have.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storagedriver/content.hpp"

namespace storagedriver {

/// Takes a content piece by piece, and tells whether it has the expected digest.
class DigestCheck {
  public:
    /// Parse `algorithm:hex`; what is no digest is InvalidParameters of the driver.
    DigestCheck(std::string_view driver, std::string_view expected);
    ~DigestCheck();
    DigestCheck(const DigestCheck&) = delete;
    DigestCheck& operator=(const DigestCheck&) = delete;

    /// Take the next piece.
    void update(Bytes piece);

    /// Whether all that was taken has the expected digest. To be called once, at the end.
    bool matches();

  private:
    struct State;
    std::unique_ptr<State> state_;
    std::string expected_;
};

}  // namespace storagedriver
