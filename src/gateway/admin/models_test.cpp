#include "gateway/admin/models.h"

#include <fstream>
#include <thread>

#include "crypto/sha256.h"
#include "fleet/store.h"
#include "gateway/fixture.h"

namespace cofre::gateway::admin {
namespace {

using accounts::Role;

/// An operator of a box whose jobs are done by a shell script.
class ModelRoutes : public GatewayTest {
 protected:
  ModelRoutes() {
    as_operator = bearer(key_of(make_user("olga", {Role::box_operator})));
    const auto tenant = accounts.directory.create_tenant("acme", "UTC", "EUR").id;
    as_stranger = bearer(key_of(make_user("otto", {Role::box_operator}, tenant)));
  }
  /// What jobs do from now on; $1 is the command, the last argument the model or the file.
  void do_jobs_by(const std::string& script) {
    const auto path = folder.path() / "program";
    std::ofstream(path) << "#!/bin/sh\nfor last; do :; done\n" << script;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    settings.program = path.string();
  }
  std::string ask(std::string_view method, const std::string& path, const std::string& body = {}) {
    return ask_as(as_operator, method, "/admin/v1/" + path, body);
  }
  json::Object done(std::string_view method, const std::string& path, const std::string& body = {}) {
    return done_as(as_operator, method, "/admin/v1/" + path, body);
  }
  /// Once it has ended.
  json::Object ended(const json::Object& job) {
    const auto path = fmt::format("jobs/{}", job.at("id").as_int64());
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);;) {
      auto now_is = done("GET", path);
      if (now_is.at("state") != "running" || std::chrono::steady_clock::now() > until) return now_is;
      std::this_thread::yield();
    }
  }
  void store(const std::string& name, const std::string& content) {
    const auto from = folder.path() / "file";
    std::ofstream(from) << content;
    std::filesystem::create_directories(folder.path() / "models");
    fleet::Store(folder.path()).publish(from, name, crypto::sha256_hex(content), "a test");
  }

  std::string as_operator, as_stranger;
};

TEST_F(ModelRoutes, TellWhatIsServedAndWhatLiesInTheStore) {
  store("tiny", "abc");
  store("spare", "abcd");
  const auto told = done("GET", "models");
  EXPECT_EQ(told.at("memory_bytes"), json::Value(std::int64_t{4} << 30));
  const auto& models_told = told.at("models").as_array();
  ASSERT_EQ(models_told.size(), 2u);
  const auto& spare = models_told[0].as_object();
  const auto& tiny = models_told[1].as_object();
  EXPECT_EQ(spare.at("name"), "spare");
  EXPECT_EQ(spare.at("served"), json::Value(false));
  EXPECT_EQ(spare.at("file_bytes"), json::Value(4));
  EXPECT_EQ(tiny.at("state"), "ready");
  EXPECT_EQ(tiny.at("served"), json::Value(true));
  EXPECT_EQ(tiny.at("unchanged"), json::Value(true));
  EXPECT_EQ(tiny.at("sha256"), json::Value(crypto::sha256_hex("abc")));
  std::ofstream(folder.path() / "models" / "tiny.gguf", std::ios::app) << "x";
  EXPECT_EQ(done("GET", "models").at("models").as_array()[1].at("unchanged"), json::Value(false));
}
TEST_F(ModelRoutes, TheCatalogueTellsWhatFits) {
  store("smollm2-135m", "abc");
  std::size_t fit = 0, best = 0, here = 0;
  const auto told = done("GET", "catalogue");
  for (const auto& row : told.at("models").as_array()) {
    const bool fits = row.at("memory_bytes").to_number<std::uint64_t>() <= std::uint64_t{4} << 30;
    EXPECT_EQ(row.at("fits"), json::Value(fits));
    fit += fits ? 1 : 0;
    best += row.at("recommended") == json::Value(true) ? 1 : 0;
    here += row.at("here") == json::Value(true) ? 1 : 0;
  }
  EXPECT_GT(fit, 0u);
  EXPECT_EQ(best, 1u);
  EXPECT_EQ(here, 1u);
}
TEST_F(ModelRoutes, StartStopAndRemoveModels) {
  store("spare", "abcd");
  EXPECT_EQ(done("POST", "models/default/load").at("model"), "tiny");
  done("POST", "models/tiny/unload");
  EXPECT_GT(done("DELETE", "models/spare").at("freed_bytes").to_number<int>(), 4);  // what is noted beside it, too
  EXPECT_EQ(models.told(), (std::vector<std::string>{"load tiny", "unload tiny", "rescan"}));
  for (const auto& [method, path] : {std::pair("DELETE", "models/spare"),
                                     {"POST", "models/spare/load"},
                                     {"POST", "models/spare/bench"},
                                     {"DELETE", "models/..%2Fcofre.db"}})
    EXPECT_TRUE(has(ask(method, path), "HTTP/1.1 40")) << path;
  EXPECT_TRUE(has(ask("POST", "models/nobody/load"), R"("param":"model")"));
}
TEST_F(ModelRoutes, APullIsAJobThatTellsHowFarItIs) {
  do_jobs_by(
      "echo '{\"say\":\"from a hub\"}' >&2\necho '{\"done\":5,\"total\":10}' >&2\n"
      "echo \"{\\\"name\\\":\\\"$last\\\",\\\"command\\\":\\\"$1\\\",\\\"data\\\":\\\"$COFRE_DATA\\\"}\"\n");
  const auto job = ended(done("POST", "models/pull", R"({"model":"qwen3-4b"})"));
  EXPECT_EQ(job.at("state"), "done") << json::dump(job);
  EXPECT_EQ(job.at("text"), "from a hub");
  EXPECT_EQ(job.at("done"), json::Value(5));
  EXPECT_EQ(job.at("total"), json::Value(10));
  EXPECT_EQ(job.at("by"), "olga");
  EXPECT_EQ(json::dump(job.at("result")),
            R"({"name":"qwen3-4b","command":"pull","data":")" + folder.path().string() + "\"}");
  EXPECT_EQ(models.told(), std::vector<std::string>{"rescan"});
  EXPECT_EQ(done("GET", "jobs").at("jobs").as_array().size(), 1u);
}
TEST_F(ModelRoutes, AJobThatFailsSaysWhy) {
  do_jobs_by("echo 'trying' >&2\necho 'cofre: no source of x can be reached' >&2\nexit 1\n");
  const auto job = ended(done("POST", "models/pull", R"({"model":"x"})"));
  EXPECT_EQ(job.at("state"), "failed");
  EXPECT_EQ(job.at("error"), "no source of x can be reached");
  settings.program = (folder.path() / "nothing").string();
  stop();
  EXPECT_EQ(ended(done("POST", "models/tiny/bench")).at("state"), "failed");
}
TEST_F(ModelRoutes, AJobIsCancelledAndTheSameOneIsNotBegunTwice) {
  do_jobs_by("exec sleep 1000\n");
  const auto job = done("POST", "models/pull", R"({"model":"x"})");
  EXPECT_TRUE(has(ask("POST", "models/pull", R"({"model":"x"})"), R"("param":"model")"));
  for (const char* model : {"a", "b", "c"}) done("POST", "models/pull", fmt::format(R"({{"model":"{}"}})", model));
  EXPECT_TRUE(ask("POST", "models/pull", R"({"model":"d"})").starts_with("HTTP/1.1 429"));
  done("DELETE", fmt::format("jobs/{}", job.at("id").as_int64()));
  EXPECT_EQ(ended(job).at("state"), "cancelled");
  stop();  // which ends the others
}
TEST_F(ModelRoutes, AnImportedFileIsGivenToTheJobAndGone) {
  do_jobs_by("echo \"{\\\"bytes\\\":$(wc -c <\"$last\"),\\\"arguments\\\":\\\"$*\\\"}\"\n");
  const std::string file(3'000'000, 'x');
  const auto job = ended(done("POST", "models/import?name=my-model", file));
  EXPECT_EQ(job.at("state"), "done") << json::dump(job);
  EXPECT_EQ(job.at("result").at("bytes"), json::Value(3'000'000));
  EXPECT_TRUE(has(std::string(job.at("result").at("arguments").as_string()),
                  "import --json --json-progress --take --name my-model"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "models"));
  EXPECT_TRUE(has(ask("POST", "models/import?name=../x", file), R"("param":"name")"));
  EXPECT_TRUE(has(ask("POST", "models/import", file), R"("param":"name")"));
  EXPECT_TRUE(ask("POST", "models/import?name=x").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(ask_as(as_stranger, "POST", "/admin/v1/models/import?name=x", file).starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "models"));
}
TEST_F(ModelRoutes, AreForAdministratorsOfHome) {
  for (const auto& [method, path] : {std::pair("GET", "models"),
                                     {"GET", "catalogue"},
                                     {"POST", "models/tiny/load"},
                                     {"GET", "jobs"},
                                     {"POST", "models/pull"}})
    EXPECT_TRUE(ask_as(as_stranger, method, std::string("/admin/v1/") + path).starts_with("HTTP/1.1 404")) << path;
  for (const char* path : {"jobs/1", "jobs/x", "jobs/99999999999999999999999"})
    EXPECT_TRUE(has(ask("GET", path), R"("param":"job")")) << path;
  EXPECT_TRUE(has(ask("POST", "models/pull", R"({"model":"--data"})"), R"("param":"model")"));
  EXPECT_TRUE(has(ask("POST", "models/pull", "{}"), R"("param":"model")"));
}

}  // namespace
}  // namespace cofre::gateway::admin
