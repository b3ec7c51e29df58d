#include "gateway/pages.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cofre::gateway::pages {
namespace {

const Asset& file(std::string_view ending) {
  for (const auto& asset : assets()) {
    if (asset.path.ends_with(ending)) return asset;
  }
  throw std::out_of_range("the console has no such file");
}

std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or("none"));
}

http::Response asked(const Asset& asset, http::Headers headers = {}) {
  http::Request request;
  request.headers = std::move(headers);
  return serve(asset, request);
}

TEST(Console, IsInTheProgramWithItsFilesInOrder) {
  const auto all = assets();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](auto& a, auto& b) { return a.path < b.path; }));
  EXPECT_FALSE(file("index.html").is_named_by_hash);
  EXPECT_TRUE(file(".js").is_named_by_hash);
}
TEST(Console, AFileComesAsTheBrowserPrefersIt) {
  const auto& index = file("index.html");
  const auto brotli = asked(index, {{"Accept-Encoding", "gzip, deflate, br"}});
  EXPECT_EQ(header(brotli, "content-encoding"), "br");
  EXPECT_EQ(brotli.body, index.brotli);
  const auto gzip = asked(index, {{"Accept-Encoding", "GZIP, br;q=0"}});
  EXPECT_EQ(header(gzip, "content-encoding"), "gzip");
  const auto plain = asked(index);
  EXPECT_EQ(header(plain, "content-encoding"), "none");
  EXPECT_TRUE(plain.body.starts_with("<!doctype html>")) << plain.body.substr(0, 80);
  EXPECT_EQ(plain.body.size(), index.bytes);
}
TEST(Console, AFileThatTheBrowserHasIsNotSentAgain) {
  const auto& index = file("index.html");
  const auto tag = header(asked(index, {{"Accept-Encoding", "br"}}), "etag");
  const auto again = asked(index, {{"Accept-Encoding", "br"}, {"If-None-Match", "\"other\", " + tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(asked(index, {{"If-None-Match", tag}}).status, 200) << "another coding is another representation";
}
TEST(Console, OnlyFilesNamedByTheirHashAreKeptForEver) {
  EXPECT_EQ(header(asked(file("index.html")), "cache-control"), "no-cache");
  EXPECT_NE(header(asked(file(".js")), "cache-control").find("immutable"), std::string::npos);
}
TEST(Console, ItsPagesMayLoadNothingFromElsewhereNorBeFramed) {
  const auto policy = header(asked(file("index.html")), "content-security-policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("http"), std::string::npos);
  EXPECT_EQ(policy.find('*'), std::string::npos);
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
}

}  // namespace
}  // namespace cofre::gateway::pages
