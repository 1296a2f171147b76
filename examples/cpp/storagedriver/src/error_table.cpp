#include "error_table.hpp"

#include <algorithm>
#include <iterator>

namespace storagedriver {
namespace {

using enum ErrorCode;

constexpr FieldRule path[] = {{"path"}};
constexpr FieldRule path_and_offset[] = {{"path"}, {"offset", FieldType::integer}};
constexpr FieldRule method[] = {{"method"}};
constexpr FieldRule name[] = {{"name"}};
constexpr FieldRule parameter[] = {{"name"}, {"parameter"}, {"reason"}};
constexpr FieldRule versions[] = {{"host_version"}, {"driver_version"}};
constexpr FieldRule crash[] = {{"exit_status", FieldType::integer_or_nil},
                               {"signal", FieldType::integer_or_nil},
                               // The last lines are those that tell why.
                               {"stderr", FieldType::text_kept_at_its_end}};
constexpr FieldRule timeout[] = {{"seconds", FieldType::number}, {"method"}};
constexpr FieldRule method_and_path[] = {{"method"}, {"path"}};
constexpr FieldRule failed[] = {{"failed", FieldType::pairs}};
constexpr FieldRule limit[] = {{"limit", FieldType::integer}};
constexpr FieldRule detail[] = {{"detail"}};

/// In the order of the codes.
constexpr ErrorRule rules[] = {
    {path_not_found, "PathNotFound", "Path not found: {path}", path},
    {not_a_directory, "NotADirectory", "Not a directory: {path}", path},
    {is_a_directory, "IsADirectory", "Is a directory: {path}", path},
    {invalid_path, "InvalidPath", "Invalid path: {path}", path},
    {invalid_offset, "InvalidOffset", "Invalid offset: {offset} for path: {path}", path_and_offset},
    {unsupported_method, "UnsupportedMethod", "Unsupported method: {method}", method},
    {invalid_storage_driver, "InvalidStorageDriver", "StorageDriver not registered: {name}", name},
    {invalid_parameters, "InvalidParameters", "Invalid parameter '{parameter}' of {name}: {reason}",
     parameter},
    {no_space, "NoSpace", "No space left: {path}", path},
    {permission_denied, "PermissionDenied", "Permission denied: {path}", path},
    {throttled, "Throttled", "Throttled: {path}", path, true},
    {checksum_mismatch, "ChecksumMismatch", "Checksum mismatch: {path}", path},
    {content_changed, "ContentChanged", "Content changed: {path}", path},
    {incompatible_version, "IncompatibleVersion",
     "Incompatible version: the host speaks {host_version}, the driver {driver_version}", versions},
    {driver_crashed, "DriverCrashed", "The driver process ended", crash, true},
    {driver_timeout, "DriverTimeout", "No progress for {seconds} seconds in {method}", timeout,
     true},
    {outcome_unknown, "OutcomeUnknown", "Outcome unknown: {method} of {path}", method_and_path},
    {partial_failure, "PartialFailure", "Failed in part: {failed} paths", failed},
    {cancelled, "Cancelled", "Cancelled"},
    {too_many_channels, "TooManyChannels", "Too many channels: the driver takes {limit}", limit,
     true},
    {protocol_error, "ProtocolError", "Protocol error: {detail}", detail},
    {internal, "Internal", "The driver failed"},
    // Not found by this name: no sender means it.
    {other, "", "The driver failed"},
};
static_assert(std::size(rules) == static_cast<std::size_t>(other) + 1);

}  // namespace

const ErrorRule& error_rule(ErrorCode code) { return rules[static_cast<std::size_t>(code)]; }

const ErrorRule* find_error_rule(std::string_view wanted) {
    const auto found = std::ranges::find(rules, wanted, &ErrorRule::name);
    return found == std::end(rules) || found->code == other ? nullptr : found;
}

}  // namespace storagedriver
