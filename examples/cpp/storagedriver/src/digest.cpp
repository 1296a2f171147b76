#include "storagedriver/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "storagedriver/error.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

/// Null if the algorithm is not known.
const EVP_MD* find_algorithm(std::string_view name) {
    // It guards nothing here: it only tells what a transfer has damaged.
    if (name == "md5") return EVP_md5();
    if (name == "sha256") return EVP_sha256();
    if (name == "sha384") return EVP_sha384();
    if (name == "sha512") return EVP_sha512();
    return nullptr;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

void check(int result) {
    if (result != 1) throw Internal("OpenSSL cannot make a digest");
}

}  // namespace

struct DigestCheck::State {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                    &EVP_MD_CTX_free};
};

DigestCheck::DigestCheck(std::string_view driver, std::string_view expected)
    : state_(std::make_unique<State>()) {
    const auto refused = [&](std::string_view why) {
        return InvalidParameters(driver, "digest", why);
    };
    const auto colon = expected.find(':');
    if (colon == std::string_view::npos) throw refused("must be algorithm:hex, in lower case");
    const auto algorithm = expected.substr(0, colon);
    expected_ = expected.substr(colon + 1);
    if (!std::ranges::all_of(expected_, is_hex)) {
        throw refused("must be algorithm:hex, in lower case");
    }
    const auto* found = find_algorithm(algorithm);
    if (found == nullptr) throw refused("the algorithm is not known");
    const auto digits = 2 * EVP_MD_get_size(found);
    if (std::cmp_not_equal(expected_.size(), digits)) {
        throw refused(concat("a digest of ", algorithm, " has ", digits, " digits"));
    }
    check(EVP_DigestInit_ex(state_->context.get(), found, nullptr));
}

DigestCheck::~DigestCheck() = default;

void DigestCheck::update(Bytes piece) {
    check(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()));
}

bool DigestCheck::matches() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    check(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length));
    std::string hex;
    for (const auto byte : std::span(digest).first(length)) {
        constexpr std::string_view digits = "0123456789abcdef";
        hex += {digits[byte >> 4], digits[byte & 0xf]};
    }
    return hex == expected_;
}

}  // namespace storagedriver
