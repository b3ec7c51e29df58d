#include "records/person.h"

#include <map>

#include <gtest/gtest.h>

#include "accounts/actions/actions.h"
#include "base/thrown.h"
#include "crypto/sign.h"
#include "os/paths.h"

namespace cofre::records {
namespace {

class ThePerson : public testing::Test {
 protected:
  ThePerson() {
    ana = act("user.create", {{"name", "ana"}, {"label", "Ana Silva"}}).at("id").to_number<std::uint64_t>();
    ben = act("user.create", {{"name", "ben"}}).at("id").to_number<std::uint64_t>();
    trail.record({.action = "request", .outcome = "ok", .who = "ana", .from = "192.0.2.7"});
    trail.flush();
  }

  json::Object act(std::string_view what, const json::Object& request) {
    return accounts::act(accounts, accounts::Actor::machine(), what, request);
  }
  std::string given(std::uint64_t holder, std::string_view text, std::string_view name = "in.jsonl") {
    const auto draft = records.files.begin();
    draft->write(text);
    return records.files.keep(*draft, {holder, name, "batch"}).id;
  }
  void answered(std::uint64_t holder, const std::string& id, const std::string& input = R"([{"type":"message"}])") {
    records.responses.add({.id = id,
                           .tenant = holder,
                           .key_id = 1,
                           .created = 1000,
                           .status = "completed",
                           .input = input,
                           .object = R"({"output":[]})"});
  }
  /// All files of an export, put together.
  std::map<std::string, std::string> exported(const std::string& name) {
    std::map<std::string, std::string> files;
    std::optional<ExportCursor> cursor = ExportCursor();
    while (cursor) {
      const auto page = export_page(box, name, export_cursor_from_json(to_json(*cursor)));
      for (const auto& piece : page.pieces) files[piece.path] += piece.bytes;
      cursor = page.next;
    }
    return files;
  }
  std::int64_t count(const std::string& table, std::uint64_t owner, std::string_view column = "owner") {
    auto row = database.query(fmt::format("SELECT count(*) FROM {} WHERE {} = ?", table, column),
                              static_cast<std::int64_t>(owner));
    return row.next() ? row.integer(0) : 0;
  }

  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret master = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", master.derive("store")};
  std::mutex mutex;
  accounts::audit::Trail trail{database, mutex, master, folder.path() / "backups", trail_options()};
  accounts::Accounts accounts{database, mutex, master, folder.path() / "backups"};
  Records records{database, mutex, {.data = folder.path(), .backups = folder.path() / "backups"}};
  const Box box{accounts, trail, records};
  std::uint64_t ana = 0, ben = 0;

  accounts::audit::Trail::Options trail_options() const {
    accounts::audit::Trail::Options options;
    options.folder = folder.path() / "audit";
    return options;
  }
};

TEST_F(ThePerson, EverythingIsExportedAndNothingOfOthersNorASecret) {
  const auto key = act("key.create", {{"name", "laptop"}, {"user", "ana"}, {"signing", true}});
  act("key.create", {{"name", "of-ben"}, {"user", "ben"}});
  const auto file = given(ana, "what ana gave", "../notes of ana.txt");
  given(ben, "what ben gave");
  answered(ana, "resp_a");
  answered(ben, "resp_b");
  records.batches.create({ana, 1, "/v1/embeddings", file, nullptr, std::nullopt}, 10);
  accounts.ledger.add({1, 0, static_cast<std::int64_t>(ana), 1, "tiny"}, {1, 10, 0, 5, 0});
  accounts.ledger.flush();
  const auto files = exported("ana");
  EXPECT_EQ(files.at("files/" + file + "_.._notes_of_ana.txt"), "what ana gave");
  const auto person = json::parse(files.at("person.json"));
  const auto& account = person.at("accounts").as_array().at(0).as_object();
  EXPECT_EQ(account.at("label"), "Ana Silva");
  EXPECT_EQ(account.at("keys").as_array().at(0).at("name"), "laptop");
  EXPECT_FALSE(account.at("keys").as_array().at(0).as_object().contains("sealed"));
  EXPECT_EQ(json::parse(files.at("responses.jsonl")).at("input").as_array().at(0).at("type"), "message");
  EXPECT_EQ(json::parse(files.at("usage.jsonl")).at("prompt_tokens"), 10);
  EXPECT_NE(files.at("batches.jsonl").find(file), std::string::npos);
  EXPECT_NE(files.at("audit.jsonl").find("192.0.2.7"), std::string::npos);
  for (const auto& [path, text] : files) {
    EXPECT_EQ(text.find("ben"), std::string::npos) << path;
    EXPECT_EQ(text.find(std::string(key.at("key").as_string())), std::string::npos) << path;
  }
}
TEST_F(ThePerson, LongContentsComeInPiecesAndWhole) {
  std::string text;
  for (int i = 0; i < 1'200'000; ++i) text += fmt::format("{:07}\n", i);  // 9.6 MB
  const auto file = given(ana, text), empty = given(ana, "", "empty"), last = given(ana, "last", "last");
  answered(ana, "resp_long", json::dump(json::Array{json::Value(text)}));
  const auto files = exported("ana");
  EXPECT_TRUE(files.at("files/" + file + "_in.jsonl") == text);
  EXPECT_EQ(files.at("files/" + empty + "_empty"), "");
  EXPECT_EQ(files.at("files/" + last + "_last"), "last");
  EXPECT_TRUE(json::parse(files.at("responses.jsonl")).at("input").as_array().at(0).as_string() == text);
}
TEST_F(ThePerson, NamesOfContentsAreUtf8InWhateverWayTheyWereGiven) {
  const auto cut = given(ana, "", std::string(59, 'a') + "文.txt"), bad = given(ana, "", "\xff\xfe文");
  const auto files = exported("ana");
  EXPECT_TRUE(files.contains("files/" + cut + "_" + std::string(59, 'a')));
  EXPECT_TRUE(files.contains("files/" + bad + "_" + std::string(5, '_')));
}
TEST_F(ThePerson, AnErasedPersonIsNowhereAndOthersStay) {
  const auto text = std::string(act("key.create", {{"name", "laptop"}, {"user", "ana"}}).at("key").as_string());
  accounts.sign_in.set_password(static_cast<std::int64_t>(ana), "correct horse battery");
  const auto session = accounts.sessions.begin(static_cast<std::int64_t>(ana), false, "192.0.2.7");
  act("quota.set", {{"user", "ana"}, {"metric", "storage"}, {"amount", 1'000'000}});
  given(ana, "what ana gave");
  const auto kept = given(ben, "what ben gave");
  answered(ana, "resp_a");
  const auto certificate = erase_person(box, "ana", "root");
  EXPECT_FALSE(accounts.keys.authenticate(text));
  EXPECT_FALSE(accounts.sessions.authenticate(session));
  EXPECT_FALSE(records.responses.find(ana, "resp_a"));
  EXPECT_TRUE(records.files.list(ana, {}, std::nullopt).empty());
  EXPECT_TRUE(records.files.find(ben, kept));
  for (const char* table : {"passwords", "sessions", "second_factors", "links"})
    EXPECT_EQ(count(table, ana), 0) << table;
  const auto left = accounts.directory.find_owner(static_cast<std::int64_t>(ana));
  EXPECT_EQ(left->name, fmt::format("erased-{}", ana));
  EXPECT_EQ(left->label, "");
  EXPECT_EQ(accounts.keys.list(static_cast<std::int64_t>(ana)).at(0).name, "erased");
  EXPECT_EQ(field_of([&] { exported("ana"); }), "name");
  EXPECT_EQ(field_of([&] { erase_person(box, "ana", "root"); }), "name");
  const auto& erased = certificate.at("erased").as_object();
  for (const char* what : {"files", "responses", "keys", "sessions", "passwords", "audit_keys"})
    EXPECT_EQ(erased.at(what), 1) << what;
  EXPECT_EQ(certificate.at("by"), "root");
  EXPECT_TRUE(crypto::is_signature(certificate.at("key").as_string(), erasure_text(certificate),
                                   certificate.at("signature").as_string()));
}
TEST_F(ThePerson, ACertificateThatWasChangedIsNotSigned) {
  auto certificate = erase_person(box, "ana", "root");
  certificate["by"] = "somebody else";
  EXPECT_FALSE(crypto::is_signature(certificate.at("key").as_string(), erasure_text(certificate),
                                    certificate.at("signature").as_string()));
}
TEST_F(ThePerson, ALegalHoldWins) {
  const auto file = given(ana, "evidence");
  for (const std::string held : {"ana", ""}) {
    trail.persons().hold(held, 1000);
    const auto error = thrown_by([&] { erase_person(box, "ana", "root"); });
    ASSERT_TRUE(error);
    EXPECT_NE(std::string(error->what()).find("legal hold is on ana"), std::string::npos);
    EXPECT_TRUE(records.files.find(ana, file));
    trail.persons().release(held);
  }
  erase_person(box, "ana", "root");
  EXPECT_FALSE(records.files.find(ana, file));
}
TEST_F(ThePerson, WhatEndsAfterTheErasureIsNotKept) {
  const auto draft = records.files.begin();
  draft->write("late");
  erase_person(box, "ana", "root");
  EXPECT_EQ(code_of([&] { answered(ana, "resp_late"); }), Code::not_found);
  EXPECT_EQ(code_of([&] { records.files.keep(*draft, {ana, "late", "batch"}); }), Code::not_found);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "files"));
}
TEST_F(ThePerson, ABatchThatRunsLeavesNothing) {
  const auto batch = records.batches.create({ana, 1, "/v1/embeddings", given(ana, "{}"), nullptr, std::nullopt}, 10);
  records.batches.begin(batch.number, 1);
  records.batches.answer(batch.number, {1, false, "{}", {}});
  erase_person(box, "ana", "root");
  records.batches.end(batch, Batch::Status::cancelled);
  EXPECT_TRUE(records.batches.open().empty());
  EXPECT_EQ(count("batch_answers", static_cast<std::uint64_t>(batch.number), "batch"), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "files"));
}
TEST_F(ThePerson, AnErasureThatACrashCutOffGoesOn) {
  given(ana, "what ana gave");
  // As after the account is erased, before the trail's key is.
  accounts.directory.set_owner_state(static_cast<std::int64_t>(ana), accounts::State::deleted);
  accounts.directory.erase_owner(static_cast<std::int64_t>(ana));
  while (records.sweep().more) continue;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "files"));
  EXPECT_EQ(erase_person(box, "ana", "root").at("erased").as_object().at("audit_keys"), 1);
}
TEST_F(ThePerson, OfAnotherTenantIsNamedWithIt) {
  act("tenant.create", {{"name", "acme"}});
  const auto eva = act("user.create", {{"name", "ana"}, {"tenant", "acme"}}).at("id").to_number<std::uint64_t>();
  const auto file = given(eva, "of acme's ana"), other = given(ana, "of home's ana");
  erase_person(box, "acme/ana", "root");
  EXPECT_FALSE(records.files.find(eva, file));
  EXPECT_TRUE(records.files.find(ana, other));
}
TEST_F(ThePerson, ATenantWithSomebodyUnderALegalHoldIsNotDeleted) {
  act("tenant.create", {{"name", "acme"}});
  act("user.create", {{"name", "eva"}, {"tenant", "acme"}});
  accounts.held = [this](const std::string& person) { return trail.persons().is_held(person); };
  trail.persons().hold("acme/eva", 1000);
  EXPECT_EQ(field_of([&] { act("tenant.delete", {{"tenant", "acme"}}); }), "tenant");
  trail.persons().release("acme/eva");
  act("tenant.delete", {{"tenant", "acme"}});
}

}  // namespace
}  // namespace cofre::records
