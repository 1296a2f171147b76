#include "inmemory/uploads.hpp"

#include <algorithm>
#include <tuple>

#include "inmemory/driver.hpp"
#include "inmemory/store.hpp"
#include "listed.hpp"
#include "storagedriver/digest.hpp"

namespace drivers {
namespace {

using namespace storagedriver;
using Lock = std::lock_guard<std::mutex>;

bool has_digest(const Segments& content, std::string_view digest) {
    DigestCheck check(InMemoryDriver::name, digest);
    for (const auto& run : content.runs()) check.update(run.bytes());
    return check.matches();
}

}  // namespace

HiddenUpload& Store::find_upload(std::string_view path, std::string_view id) {
    const auto found = uploads.find(id);
    if (found == uploads.end() || found->second.path != path) {
        throw PathNotFound(path, "there is no such upload");
    }
    return found->second;
}

void InMemoryUpload::write(const Content& content) {
    const Lock lock(store_->mutex);
    auto& hidden = store_->find_upload(path_, id_);
    if (hidden.content.size() != size_) {
        throw InvalidOffset(path_, size_, hidden.content.size());
    }
    hidden.content.append(content);
    hidden.time = Time::now().cut_to_microseconds();
    size_ = hidden.content.size();
}

void InMemoryUpload::commit(std::optional<std::uint64_t> size,
                            std::optional<std::string_view> digest) {
    Segments content;
    {
        const Lock lock(store_->mutex);
        content = store_->find_upload(path_, id_).content;
    }
    if (content.size() != size.value_or(size_)) {
        throw ChecksumMismatch(path_, "the upload has another size");
    }
    // Not under the lock, as it takes time; nobody changes these runs.
    if (digest && !has_digest(content, *digest)) {
        throw ChecksumMismatch(path_, "the upload has another digest");
    }
    const Lock lock(store_->mutex);
    if (store_->find_upload(path_, id_).content.size() != content.size()) {
        throw ChecksumMismatch(path_, "it was written to meanwhile");
    }
    store_->put(path_, std::move(content));
    store_->uploads.erase(id_);
}

void InMemoryUpload::cancel() {
    const Lock lock(store_->mutex);
    store_->find_upload(path_, id_);
    store_->uploads.erase(id_);
}

std::unique_ptr<Listing<UploadInfo>> list_uploads(const Store& store, std::string_view prefix) {
    std::vector<UploadInfo> infos;
    for (const auto& [id, hidden] : store.uploads) {
        if (is_at_or_below(hidden.path, prefix)) {
            infos.push_back({id, hidden.path, hidden.content.size(), hidden.time});
        }
    }
    return listed_uploads(std::move(infos));
}

}  // namespace drivers
