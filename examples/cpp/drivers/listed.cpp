#include "listed.hpp"

#include <algorithm>
#include <tuple>

namespace drivers {
namespace {

using storagedriver::Listing;
using storagedriver::UploadInfo;

class Listed : public Listing<UploadInfo> {
  public:
    explicit Listed(std::vector<UploadInfo> uploads) : uploads_(std::move(uploads)) {}

    std::optional<UploadInfo> next() override {
        if (next_ == uploads_.size()) return {};
        return std::move(uploads_[next_++]);
    }

  private:
    std::vector<UploadInfo> uploads_;
    std::size_t next_ = 0;
};

}  // namespace

bool is_at_or_below(std::string_view path, std::string_view prefix) {
    if (prefix == "/" || path == prefix) return true;
    return path.starts_with(prefix) && path[prefix.size()] == '/';
}

std::unique_ptr<Listing<UploadInfo>> listed_uploads(std::vector<UploadInfo> uploads) {
    std::ranges::sort(uploads, {},
                      [](const UploadInfo& info) { return std::tie(info.path, info.upload_id); });
    return std::make_unique<Listed>(std::move(uploads));
}

}  // namespace drivers
