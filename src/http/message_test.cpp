#include "http/message.h"

#include <gtest/gtest.h>

namespace cofre::http {
namespace {

TEST(HttpMessage, HeadersAreFoundWithoutCase) {
  Headers headers = {{"Content-Type", "a"}, {"X", "b"}, {"x", "c"}};
  EXPECT_EQ(headers.find("content-TYPE"), "a");
  EXPECT_EQ(headers.find("X"), "b");
  EXPECT_EQ(headers.count("x"), 2u);
  EXPECT_FALSE(headers.find("Y"));
  headers.set("x", "d");
  EXPECT_EQ(headers.count("X"), 1u);
}
TEST(HttpMessage, EscapesAreDecodedOrRefused) {
  EXPECT_EQ(percent_decode("a%20b+c"), "a b+c");
  EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
  EXPECT_EQ(percent_decode("%e6%88%90"), "成");
  for (const char* bad : {"%", "%2", "%zz", "%00", "%ff"}) EXPECT_FALSE(percent_decode(bad)) << bad;
  EXPECT_EQ(percent_encode("a b+/=&成~"), "a%20b%2B%2F%3D%26%E6%88%90~");
}
TEST(HttpMessage, AQuerysParametersAreFound) {
  Request request;
  request.query = "stream=true&starting_after=5&name=a%26b&empty=&flag";
  EXPECT_EQ(request.parameter("stream"), "true");
  EXPECT_EQ(request.parameter("name"), "a&b");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("flag"), "");
  EXPECT_FALSE(request.parameter("absent"));
  using Names = std::vector<std::string>;
  EXPECT_EQ(request.parameter_names(), (Names{"stream", "starting_after", "name", "empty", "flag"}));
  request.query = "&a%5b%5d=1&&a%5b%5d=2&=3";
  EXPECT_EQ(request.parameter_names(), (Names{"a[]", "a[]", ""}));
  request.query = "a=%zz";
  EXPECT_EQ(request.parameter_names(), (Names{"a"}));
  request.query = "%zz=a";
  EXPECT_FALSE(request.parameter_names());
}

}  // namespace
}  // namespace cofre::http
