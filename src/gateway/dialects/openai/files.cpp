#include "gateway/dialects/openai/files.h"

#include "base/error.h"
#include "gateway/credentials.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/query.h"
#include "gateway/dialects/openai/upload.h"
#include "gateway/errors.h"

namespace cofre::gateway::openai {
namespace {

constexpr std::uint32_t page_files_max = 10'000;

records::File found(const records::Files& files, const Call& call) {
  const auto& id = call.parameters.at(0);
  auto file = files.find(call.caller->holder(), id);
  if (!file) fail_field(Code::not_found, "file_id", "there is no file \"{}\"", id.substr(0, 64));
  return std::move(*file);
}

/// A file on its way to a client, as fast as that reads.
class Sending : public std::enable_shared_from_this<Sending> {
 public:
  Sending(Services& services, http::Responder client, records::SealedReader content)
      : services_(services), client_(std::move(client)), content_(std::move(content)) {}

  /// At the desk.
  void step() {
    try {
      while (client_.buffered() < ahead_bytes) {
        std::string piece;
        if (!content_.read(piece)) return client_.end();
        if (!client_.write(piece)) return;  // it has left
      }
    } catch (const Error& error) {
      if (services_.settings.log) services_.settings.log("file", {{"error", error.what()}});
      return;  // the answer breaks off: it is not whole
    }
    client_.on_drained([self = shared_from_this()] { self->services_.desk.put([self] { self->step(); }); });
  }

 private:
  static constexpr std::size_t ahead_bytes = 256 << 10;
  Services& services_;
  http::Responder client_;
  records::SealedReader content_;
};

}  // namespace

json::Object file_object(const records::File& file) {
  return {{"id", file.id},
          {"object", "file"},
          {"bytes", file.bytes},
          {"created_at", file.created},
          {"expires_at", file.expires},
          {"filename", file.name},
          {"purpose", file.purpose},
          {"status", "processed"},
          {"status_details", nullptr}};
}

std::shared_ptr<http::BodySink> receive_file(Services& services, const http::Request& head) {
  const auto caller = authenticate(services.accounts, head, accounts::Scope::inference);
  return std::make_shared<Upload>(head, services.accounts, caller, services.records.files,
                                  services.settings.file_bytes_max);
}

void upload_file(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [](Call&& at) {
    auto& upload = dynamic_cast<Upload&>(*at.request.sink);
    at.answer(json::dump(file_object(upload.keep(at.caller->holder()))));
  });
}

void list_files(Services& services, Call&& call) {
  check_query(call.request, {"limit", "order", "after", "purpose"});
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto page = read_page(at.request, page_files_max, page_files_max);
    json::Array items;
    for (const auto& file : services.records.files.list(at.caller->holder(), page, at.request.parameter("purpose")))
      items.emplace_back(file_object(file));
    at.answer(list_text(std::move(items), page));
  });
}

void get_file(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call),
          [&services](Call&& at) { at.answer(json::dump(file_object(found(services.records.files, at)))); });
}

void get_file_content(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto file = found(services.records.files, at);
    auto content = services.records.files.open(file.tenant, file.id);
    http::Response head;
    head.headers.add("Content-Type", "application/octet-stream");
    head.headers.add("Content-Disposition", "attachment");
    at.complete(head);
    at.responder.begin(std::move(head));
    std::make_shared<Sending>(services, at.responder, std::move(content))->step();
  });
}

void delete_file(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto& id = at.parameters.at(0);
    services.records.files.remove(at.caller->holder(), id);
    at.answer(json::dump(json::Object{{"id", id}, {"object", "file"}, {"deleted", true}}));
  });
}

}  // namespace cofre::gateway::openai
