#include "gateway/pages.h"

#include <zlib.h>

#include <algorithm>

#include "base/error.h"
#include "gateway/errors.h"

namespace cofre::gateway::pages {
namespace {

// Styles: Ant Design writes its own into the page. Nothing else comes from anywhere but the box.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether Accept-Encoding names a coding, and not with q=0.
bool takes(const http::Request& request, std::string_view coding) {
  for (const auto member : http::list_of(request.headers, "accept-encoding")) {
    const auto end = std::min(member.find_first_of("; \t"), member.size());
    if (!http::equal_without_case(member.substr(0, end), coding)) continue;
    const auto weight = member.find("q=", end);
    return weight == member.npos || member.find_first_of("123456789", weight) != member.npos;
  }
  return false;
}

std::string unpacked(const Asset& asset) {
  std::string bytes(asset.bytes, '\0');
  z_stream stream{};
  CHECK(inflateInit2(&stream, 15 + 16) == Z_OK);  // 16: the form of gzip
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(asset.gzip.data()));
  stream.avail_in = static_cast<uInt>(asset.gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  const int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  CHECK(status == Z_STREAM_END && stream.avail_out == 0);
  return bytes;
}

bool has_it(const http::Request& request, std::string_view tag) {
  const auto known = http::list_of(request.headers, "if-none-match");
  return std::any_of(known.begin(), known.end(), [&](std::string_view one) {
    if (one.starts_with("W/")) one.remove_prefix(2);
    return one == tag || one == "*";
  });
}

void protect(http::Headers& headers) {
  headers.add("Content-Security-Policy", std::string(policy));
  headers.add("Referrer-Policy", "no-referrer");
  headers.add("X-Frame-Options", "DENY");
  headers.add("Cross-Origin-Opener-Policy", "same-origin");
}

void go_to(std::string place, const Call& call) {
  http::Response response;
  response.status = 302;
  response.headers = {
      {"Location", std::move(place)}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  call.answer(std::move(response));
}

const Asset* find(std::string_view path) {
  const auto all = assets();
  const auto at = std::lower_bound(all.begin(), all.end(), path,
                                   [](const Asset& one, std::string_view wanted) { return one.path < wanted; });
  return at != all.end() && at->path == path ? &*at : nullptr;
}

}  // namespace

http::Response serve(const Asset& asset, const http::Request& request) {
  http::Response response;
  auto& headers = response.headers;
  const bool packed = asset.plain.empty();
  const std::string_view coding = !packed ? "" : takes(request, "br") ? "br" : takes(request, "gzip") ? "gzip" : "";
  const auto tag = fmt::format("\"{}{}{}\"", asset.hash, coding.empty() ? "" : "-", coding);
  headers.add("ETag", tag);
  headers.add("Cache-Control", asset.is_named_by_hash ? "public, max-age=31536000, immutable" : "no-cache");
  if (packed) headers.add("Vary", "Accept-Encoding");
  protect(headers);
  if (has_it(request, tag)) {
    response.status = 304;
    return response;
  }
  headers.add("Content-Type", std::string(asset.type));
  if (!coding.empty()) headers.add("Content-Encoding", std::string(coding));
  response.body = !packed            ? std::string(asset.plain)
                  : coding == "br"   ? std::string(asset.brotli)
                  : coding == "gzip" ? std::string(asset.gzip)
                                     : unpacked(asset);
  return response;
}

void home(Services&, Call&& call) { go_to("/console/", call); }

void setup(Services&, Call&& call) { go_to("/console/setup", call); }

void show(Services&, Call&& call) {
  const std::string path = call.parameters.empty() ? "" : call.parameters.front();
  const auto* asset = find(path);
  if (asset == nullptr && (path.starts_with("assets/") || path.starts_with("v1/")))
    throw failure_of(404, "the console has no such file");
  if (asset == nullptr) asset = find("index.html");
  CHECK(asset != nullptr);
  call.answer(serve(*asset, call.request));
}

}  // namespace cofre::gateway::pages
