#include "gateway/multipart.h"

#include <gtest/gtest.h>

#include "base/thrown.h"

namespace cofre::gateway {
namespace {

struct Texts : Multipart::Taker {
  void begin(const Multipart::Part& part) override {
    out += part.name + (part.file_name ? "(" + *part.file_name + ")" : "");
  }
  void data(std::string_view bytes) override { text += bytes; }
  void end() override { out += "=" + std::exchange(text, {}) + ";"; }
  std::string out, text;
};

/// What is understood of a body whose boundary is "b", fed in pieces.
std::string understood(std::string_view body, std::size_t step = 1 << 20) {
  Texts texts;
  Multipart parser("multipart/form-data; boundary=b", texts);
  for (; !body.empty(); body.remove_prefix(std::min(step, body.size()))) parser.feed(body.substr(0, step));
  parser.finish();
  return texts.out;
}
std::string part(std::string_view name, std::string_view value) {
  return fmt::format("--b\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", name, value);
}

TEST(Multipart, PartsAreUnderstoodWhereverTheBytesAreCut) {
  const auto body = part("purpose", "batch") + part("file\"; filename=\"a.jsonl", "1\r\n--c\r\n--\r\n2\r\n") +
                    part("empty", "") + "--b--\r\n";
  for (const std::size_t step : {1ul, 2ul, 3ul, 7ul, 1000ul})
    EXPECT_EQ(understood(body, step), "purpose=batch;file(a.jsonl)=1\r\n--c\r\n--\r\n2\r\n;empty=;") << step;
}
TEST(Multipart, NamesMayBeQuotedEscapedOrExtended) {
  const auto named = [](std::string_view parameters) {
    return understood(
        fmt::format("--b\r\ncontent-disposition: form-data; {}\r\nContent-Type: a/b\r\n\r\n\r\n--b--", parameters));
  };
  EXPECT_EQ(named(R"(name=a)"), "a=;");
  EXPECT_EQ(named(R"(name="a\"b\\c"; filename="x;y")"), "a\"b\\c(x;y)=;");
  EXPECT_EQ(named(R"(name=a; filename="x"; filename*=UTF-8''%E4%B8%AD.txt)"), "a(中.txt)=;");
  EXPECT_EQ(named(R"(name="a"; filename="中.txt")"), "a(中.txt)=;");
}
TEST(Multipart, WhatIsNoneIsRefused) {
  const std::string cases[] = {
      "",
      "--b--x",
      "x--b--",
      "--b\r\n\r\nno name\r\n--b--",
      "--bx\r\n",
      part("a", "b"),
      part("a", "b") + "--b",
      part("a", "b") + "--b--\r\nmore",
      "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n\r\n--b--",
      "--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--b--",
      "--b\r\n: x\r\nContent-Disposition: form-data; name=a; filename*=latin1''a\r\n\r\n\r\n--b--",
      "--b\r\nX: " + std::string(20'000, 'x'),
  };
  for (const auto& body : cases) EXPECT_EQ(code_of([&] { understood(body); }), Code::invalid) << body.substr(0, 200);
  std::string many;
  for (int i = 0; i < 65; ++i) many += part("a", "");
  EXPECT_EQ(code_of([&] { understood(many + "--b--"); }), Code::invalid);
}
TEST(Multipart, TheHeaderNamesABoundary) {
  Texts texts;
  for (const std::string type : {"", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
                                 "multipart/form-data; boundary=\"a ", "multipart/mixed; boundary=b",
                                 "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=中"})
    EXPECT_EQ(code_of([&] { Multipart(type, texts); }), Code::invalid) << type;
  EXPECT_EQ(code_of([&] { Multipart("multipart/form-data; boundary=" + std::string(71, 'b'), texts); }), Code::invalid);
  Multipart("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"", texts).feed("--a b--");
}

}  // namespace
}  // namespace cofre::gateway
