#include "storagedriver/driver.hpp"

namespace storagedriver {

std::unique_ptr<Listing<FileInfo>> Driver::walk(std::string_view, std::string_view) {
    throw UnsupportedMethod("Walk");
}

std::string Driver::url_for(std::string_view, const UrlOptions&) {
    throw UnsupportedMethod("URLFor");
}

std::unique_ptr<Upload> Driver::open_upload(std::string_view, std::optional<std::string_view>) {
    throw UnsupportedMethod("OpenUpload");
}

std::unique_ptr<Listing<UploadInfo>> Driver::uploads(std::string_view) {
    throw UnsupportedMethod("ListUploads");
}

}  // namespace storagedriver
