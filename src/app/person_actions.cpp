#include "app/person_actions.h"

#include "base/error.h"
#include "crypto/secret.h"

namespace cofre::app {
namespace {

json::Object page(const records::Box& box, const std::string& name, const json::Object& request) {
  records::ExportCursor cursor;
  if (request.contains("cursor")) cursor = records::export_cursor_from_json(json::at(request, "cursor").as_object());
  const auto page = records::export_page(box, name, cursor);
  json::Array pieces;
  for (const auto& piece : page.pieces) {
    const auto bytes = crypto::base64url(std::as_bytes(std::span(piece.bytes)));
    pieces.emplace_back(json::Object{{"path", piece.path}, {"bytes", bytes}});
  }
  json::Object answer{{"pieces", std::move(pieces)}};
  if (page.next) answer["cursor"] = records::to_json(*page.next);
  return answer;
}

}  // namespace

bool is_person_action(const json::Object& request) { return json::string_at(request, "do").starts_with("person."); }

json::Object person_action(const records::Box& box, const json::Object& request, const std::string& by) {
  const auto what = json::string_at(request, "do");
  const std::string name(json::string_at(request, "name"));
  if (what == "person.export") return page(box, name, request);
  if (what == "person.erase") return records::erase_person(box, name, by);
  fail_field(Code::invalid, "do", "do: there is no action \"{}\"", what);
}

}  // namespace cofre::app
