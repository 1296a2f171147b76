/// The errors of the contract: what a driver throws, and a host's caller gets.

#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storagedriver/value.hpp"

namespace storagedriver {

/// Which error it is. The protocol, section 8.2, says which fields each has.
enum class ErrorCode {
    path_not_found,
    not_a_directory,
    is_a_directory,
    invalid_path,
    invalid_offset,
    unsupported_method,
    invalid_storage_driver,
    invalid_parameters,
    no_space,
    permission_denied,
    throttled,
    checksum_mismatch,
    content_changed,
    incompatible_version,
    driver_crashed,
    driver_timeout,
    outcome_unknown,
    partial_failure,
    cancelled,
    too_many_channels,
    protocol_error,
    internal,
    /// A code that this version does not know; it is treated as `internal`.
    other,
};

/// An error of the contract. Drivers throw the classes below.
class Error : public std::exception {
  public:
    /// With the text that its code and fields make, and the reason behind it if there is one.
    Error(ErrorCode code, Map fields, std::string_view reason = {});

    /// An error whose code is not known here.
    static Error of_unknown_code(std::string_view name, Map fields);

    const char* what() const noexcept override { return message_.c_str(); }
    const std::string& message() const { return message_; }
    void set_message(std::string message) { message_ = std::move(message); }

    ErrorCode code() const { return code_; }
    /// The name of the code on the wire.
    const std::string& code_name() const { return code_name_; }
    const Map& fields() const { return fields_; }

    /// Whether the same call may succeed when it is repeated.
    bool temporary = false;
    /// After a failed write, the size of the object or upload now, if it is known.
    std::optional<std::uint64_t> stored;

  protected:
    Error(ErrorCode code, std::string_view path, std::string_view reason);

  private:
    ErrorCode code_;
    std::string code_name_;
    Map fields_;
    std::string message_;
};

/// An error that is about one path and says no more.
template <ErrorCode error_code, class Base = Error>
class PathError : public Base {
  public:
    explicit PathError(std::string_view path, std::string_view reason = {})
        : PathError(error_code, path, reason) {}

  protected:
    PathError(ErrorCode code, std::string_view path, std::string_view reason)
        : Base(code, path, reason) {}
};

/// Nothing is there.
using PathNotFound = PathError<ErrorCode::path_not_found>;
/// An object stands where a directory is needed.
using NotADirectory = PathError<ErrorCode::not_a_directory, PathNotFound>;
/// A directory stands where an object is needed.
using IsADirectory = PathError<ErrorCode::is_a_directory, PathNotFound>;
/// The operation refuses the path.
using InvalidPath = PathError<ErrorCode::invalid_path>;
/// The backend is full, or a quota is used up.
using NoSpace = PathError<ErrorCode::no_space>;
/// The backend refuses.
using PermissionDenied = PathError<ErrorCode::permission_denied>;
/// Fewer calls at a time, please.
using Throttled = PathError<ErrorCode::throttled>;
/// Content with another digest or size than it should have.
using ChecksumMismatch = PathError<ErrorCode::checksum_mismatch>;
/// A read met other content than it began with.
using ContentChanged = PathError<ErrorCode::content_changed>;

/// A write at another offset than there can be one.
class InvalidOffset : public Error {
  public:
    InvalidOffset(std::string_view path, std::uint64_t offset);
    InvalidOffset(std::string_view path, std::uint64_t offset, std::uint64_t stored);
};

/// An optional operation that the driver does not have.
class UnsupportedMethod : public Error {
  public:
    explicit UnsupportedMethod(std::string_view method, std::string_view reason = {});
};

/// A parameter of the driver `name`, or an option of a call.
class InvalidParameters : public Error {
  public:
    InvalidParameters(std::string_view name, std::string_view parameter, std::string_view reason);
};

/// No common version.
class IncompatibleVersion : public Error {
  public:
    IncompatibleVersion(std::string_view host_version, std::string_view driver_version);
};

/// A change that may have happened, or may not last.
class OutcomeUnknown : public Error {
  public:
    OutcomeUnknown(std::string_view method, std::string_view path, std::string_view reason = {});
};

/// Path and name of the error code of all that failed.
using Failed = std::vector<std::pair<std::string, std::string>>;

/// A part of what was to be done is not.
class PartialFailure : public Error {
  public:
    explicit PartialFailure(const Failed& failed);
};

/// The call was cancelled before it finished.
class Cancelled : public Error {
  public:
    Cancelled();
};

/// The driver takes no further channel.
class TooManyChannels : public Error {
  public:
    explicit TooManyChannels(std::uint64_t limit);
};

/// The other side broke the protocol.
class ProtocolError : public Error {
  public:
    explicit ProtocolError(std::string_view detail);
};

/// A failure with no class of its own, such as a bug.
class Internal : public Error {
  public:
    explicit Internal(std::string message, bool is_temporary = false);
};

}  // namespace storagedriver
