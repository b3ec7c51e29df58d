#include "accounts/audit/syslog.h"

#include "accounts/audit/fixture.h"

namespace cofre::accounts::audit {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

class SyslogTest : public TrailTest {
 protected:
  /// The last record as it is sent, after its length was checked.
  std::string message(const Entry& entry) {
    if (!trail) open();
    trail->record_now(entry);
    const auto page = read_sealed_page(options.folder, {}, {}, UINT64_MAX, {SIZE_MAX});
    line = page.lines.back();
    const auto text = frame(as, line, trail->persons());
    const auto space = text.find(' ');
    EXPECT_EQ(text.substr(0, space), std::to_string(text.size() - space - 1));
    return text.substr(space + 1);
  }
  Syslog as{.format = Syslog::Format::rfc5424, .facility = 13, .app_name = "cofre", .host = "box", .has_persons = true};
  std::string line;
};

// What a person may be called, by whoever wants to deceive who reads the collector.
const std::string hostile = "a|b\\c=d]e\"f\ng\rh 中 \x01";

TEST_F(SyslogTest, ARecordIsAMessageOfRfc5424) {
  auto made = entry("key.create");
  made.subject = "app";
  made.facts = {{"id", "req_1"}};
  const auto text = message(made);
  EXPECT_EQ(text,
            fmt::format("<110>1 2025-11-25T03:10:00.123Z box cofre - key.create [cofre@32473 n=\"2\" outcome=\"ok\" "
                        "person=\"1\" who=\"alice\" from=\"192.0.2.7\" about=\"2\" subject=\"app\" id=\"req_1\"] {}",
                        line));
}

TEST_F(SyslogTest, WhatWasRefusedIsGraver) {
  auto refused = entry("login");
  refused.outcome = "refused";
  EXPECT_TRUE(message(refused).starts_with("<108>1 "));
  EXPECT_TRUE(message(entry("trail.lost")).starts_with("<107>1 "));
  as.facility = 23;
  EXPECT_TRUE(message(entry("login")).starts_with("<190>1 "));
}

TEST_F(SyslogTest, PersonsAreNumbersUnlessASettingSaysMore) {
  as.has_persons = false;
  auto made = entry("key.create");
  made.subject = "canary";
  for (const auto format : {Syslog::Format::rfc5424, Syslog::Format::cef}) {
    as.format = format;
    const auto text = message(made);
    for (const char* secret : {"alice", "192.0.2.7", "canary"}) EXPECT_FALSE(has(text, secret)) << text;
    EXPECT_TRUE(has(text, format == Syslog::Format::cef ? " suid=1 " : " person=\"1\" ")) << text;
  }
  as.has_persons = true;
  trail->persons().erase("alice", 0);
  const auto text = frame(as, line, trail->persons());
  EXPECT_FALSE(has(text, "alice"));
  EXPECT_TRUE(has(text, "canary"));
}

TEST_F(SyslogTest, AHostileNameStaysInItsField) {
  EXPECT_EQ(escaped_parameter(hostile), "a|b\\\\c=d\\]e\\\"f#012g#015h 中 #001");
  EXPECT_EQ(escaped_cef_head(hostile), "a\\|b\\\\c=d]e\"f#012g#015h 中 #001");
  EXPECT_EQ(escaped_cef_value(hostile), "a|b\\\\c\\=d]e\"f\\ng\\rh 中 #001");
  const auto text = message(entry("login", hostile));
  EXPECT_TRUE(has(text, "who=\"a|b\\\\c=d\\]e\\\"f#012g#015h 中 #001\" from=")) << text;
  as.format = Syslog::Format::cef;
  const auto cef = message(entry("login", hostile));
  EXPECT_TRUE(has(cef, " suser=a|b\\\\c\\=d]e\"f\\ng\\rh 中 #001 src=192.0.2.7 ")) << cef;
  EXPECT_EQ(std::count_if(cef.begin(), cef.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }), 0);
}

TEST_F(SyslogTest, HeadersTakeNoMoreThanTheirLettersAndNoSpaces) {
  as.host = "";
  as.app_name = "my app\n" + std::string(100, 'x');
  const auto text = message(entry("an action|of a name that is far too long for it"));
  EXPECT_TRUE(has(text, fmt::format("Z - my_app_{} - an_action|of_a_name_that_is_far_ [", std::string(41, 'x'))))
      << text;
}

TEST_F(SyslogTest, ARecordIsAMessageOfCef) {
  as.format = Syslog::Format::cef;
  auto made = entry("request");
  made.outcome = "refused";
  made.subject = "app";
  made.facts = {{"method", "POST"}, {"route", "/v1/models/{model...}"}, {"why", "a=b"}};
  const auto text = message(made);
  const auto hash = std::string(read_line(line)->hash);
  EXPECT_EQ(text,
            fmt::format("<108>1 2025-11-25T03:10:00.123Z box cofre - request - CEF:0|Cofre|Cofre|" COFRE_VERSION
                        "|request|request refused|6|rt=1764040200123 externalId=2 outcome=refused suid=1 suser=alice "
                        "src=192.0.2.7 duid=2 duser=app requestMethod=POST request=/v1/models/{{model...}} "
                        R"(msg={{"method":"POST","route":"/v1/models/{{model...}}","why":"a\=b"}} )"
                        "cs1Label=hash cs1={}",
                        hash));
}

TEST_F(SyslogTest, EachKindOfSourceHasItsFieldOfCef) {
  as.format = Syslog::Format::cef;
  auto made = entry("login");
  made.from = "2001:db8::7";
  EXPECT_TRUE(has(message(made), " c6a2Label=Source IPv6 Address c6a2=2001:db8::7 "));
  made.from = "this=machine";
  EXPECT_TRUE(has(message(made), " cs2Label=source cs2=this\\=machine "));
}

TEST_F(SyslogTest, TextBeyondAsciiIsMarkedAsUtf8) {
  auto made = entry("model");
  made.facts = {{"text", "模型"}};
  EXPECT_TRUE(has(message(made), "] \xEF\xBB\xBF{\"n\":"));
}

TEST_F(SyslogTest, ALineThatIsNoRecordAnyMoreIsToldAsItIs) {
  open();
  const std::string broken = R"({"n":7,"t":"x)";
  EXPECT_TRUE(has(frame(as, broken, trail->persons()), broken));
  as.format = Syslog::Format::cef;
  EXPECT_TRUE(has(frame(as, broken, trail->persons()), "msg=" + broken));
}

}  // namespace
}  // namespace cofre::accounts::audit
