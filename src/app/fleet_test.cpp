// The fleet with real workers and a tiny random model: what happens when they die, freeze, or lose their file.

#include "fleet/fleet.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <condition_variable>
#include <deque>
#include <fstream>

#include "base/error.h"
#include "crypto/sha256.h"
#include "fleet/store.h"
#include "os/disk.h"
#include "os/paths.h"
#include "serving/event_queue.h"
#include "serving/tiny_text.h"

namespace cofre::fleet {
namespace {

using namespace std::chrono_literals;
constexpr auto patience = 60s;

/// A request's events, as they come. Its sink may outlive it, as the fleet's may be called while a stream is dropped.
class Ear {
 public:
  EventSink sink() { return events_.sink(); }
  protocol::Event next() {
    auto event = events_.pop(patience);
    return event ? std::move(*event) : protocol::Failed{Code::internal, "nothing came", {}};
  }
  /// The last event, whatever came before.
  protocol::Event last() {
    for (;;) {
      auto event = next();
      if (protocol::is_last(event)) return event;
    }
  }

 private:
  serving::EventQueue events_;
};

protocol::Request completion(std::string prompt, std::uint64_t tokens, std::string model = "default") {
  protocol::Request request;
  request.model = std::move(model);
  request.task = protocol::Completion{std::move(prompt), std::nullopt, false};
  request.sampling.temperature = 1;
  request.sampling.seed = 7;
  request.max_tokens = tokens;
  request.ignore_eos = true;
  return request;
}

class FleetTest : public testing::Test {
 protected:
  FleetTest() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip = true;
#endif
    options.data_directory = folder.path();
    options.config.silence_s = 2;
    options.config.sequences = 4;
    options.config.model_threads = 1;
    options.note = [this](const Notice& notice) {
      const std::lock_guard lock(mutex);
      notes.push_back(notice.model + ": " + notice.text);
    };
  }
  void SetUp() override {
    if (skip) GTEST_SKIP() << "sanitizers need system calls that the sandbox refuses";
  }

  std::filesystem::path write_model(const std::string& name) {
    const auto file = folder.path() / (name + ".gguf");
    serving::TinyText tiny;
    tiny.context = 16384;
    const auto bytes = tiny.bytes();
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return file;
  }
  /// Into the store of the data directory, with a record that says this sum, or the true one.
  void store_model(const std::string& name, std::string sha256 = {}) {
    Store store(folder.path());
    std::filesystem::create_directories(store.folder());
    std::filesystem::rename(write_model(name), store.path_of(name));
    if (sha256.empty()) sha256 = crypto::sha256_hex(os::read_whole(store.path_of(name), 1 << 24));
    store.record(name, sha256, "test");
  }
  Fleet& start(const std::vector<std::string>& models = {"tiny"}) {
    for (const auto& model : models) options.config.preload.push_back(write_model(model).string());
    fleet = std::make_unique<Fleet>(options);
    return *fleet;
  }
  /// Waits until a model is as asked for.
  ModelState wait_for(const std::string& name, const std::function<bool(const ModelState&)>& wanted) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
      auto state = fleet->find(name).value();
      if (wanted(state)) return state;
      if (std::chrono::steady_clock::now() > end) {
        ADD_FAILURE() << name << " is " << name_of(state.kind) << ": " << state.reason << "; "
                      << testing::PrintToString(notes);
        return state;
      }
      std::unique_lock lock(mutex);
      pause.wait_for(lock, 5ms);
    }
  }
  ModelState wait_ready(const std::string& name = "default") {
    return wait_for(name,
                    [](const ModelState& state) { return state.kind == ModelState::Kind::ready && state.status; });
  }
  protocol::Event ask(const protocol::Request& request) {
    Ear ear;
    const auto stream = fleet->submit(request, ear.sink());
    return ear.last();
  }
  void expect_served(const std::string& model = "default") {
    const auto event = ask(completion("hello", 4, model));
    ASSERT_TRUE(std::holds_alternative<protocol::Done>(event))
        << std::get<protocol::Failed>(event).message << testing::PrintToString(notes);
    EXPECT_EQ(std::get<protocol::Done>(event).usage.completion_tokens, 4u);
  }
  static protocol::Failed failure(const protocol::Event& event) {
    const auto* failed = std::get_if<protocol::Failed>(&event);
    return failed == nullptr ? protocol::Failed{Code::internal, "it did not fail", {}} : *failed;
  }

  os::TemporaryDirectory folder{std::filesystem::temp_directory_path()};
  Fleet::Options options;
  std::mutex mutex;
  std::condition_variable pause;
  std::vector<std::string> notes;
  bool skip = false;
  std::unique_ptr<Fleet> fleet;
};

TEST_F(FleetTest, AWorkerAnswersOverItsSocket) {
  start();
  Ear ear;
  const auto stream = fleet->submit(completion("hello", 4), ear.sink());
  const auto first = ear.next();
  ASSERT_TRUE(std::holds_alternative<protocol::Started>(first)) << failure(first).message;
  EXPECT_EQ(std::get<protocol::Started>(first).prompt_tokens, 5u);
  EXPECT_TRUE(std::holds_alternative<protocol::Done>(ear.last()));
}

TEST_F(FleetTest, TheFactsOfAModelAndOfItsSandboxAreKnown) {
  start();
  const auto state = wait_ready();
  EXPECT_EQ(state.name, "tiny");
  EXPECT_EQ(state.facts->context, 16384u);
  EXPECT_TRUE(state.facts->chat);
  EXPECT_GE(state.facts->confined.size() + state.facts->refused.size(), 10u);
  EXPECT_TRUE(state.healthy);
  EXPECT_TRUE(fleet->health().ok) << fleet->health().reason;
}

TEST_F(FleetTest, ARequestForAnUnknownModelIsToldSo) {
  start();
  const auto failed = failure(ask(completion("a", 1, "nosuch")));
  EXPECT_EQ(failed.code, Code::not_found);
  EXPECT_EQ(failed.field, "model");
}

TEST_F(FleetTest, ABadRequestIsRefusedWithItsField) {
  start();
  auto request = completion("a", 1);
  request.choices = 0;
  EXPECT_THROW(static_cast<void>(fleet->submit(request, [](protocol::Event) {})), Error);
  auto prompt = completion("a", 1);
  prompt.task = protocol::Completion{std::vector<std::int32_t>{99999}, std::nullopt, false};
  EXPECT_EQ(failure(ask(prompt)).code, Code::invalid);
}

TEST_F(FleetTest, ManyStreamsRunAtOnce) {
  start();
  std::deque<Ear> ears(12);
  std::vector<Stream> streams;
  for (auto& ear : ears) streams.push_back(fleet->submit(completion("hello", 20), ear.sink()));
  for (auto& ear : ears) EXPECT_TRUE(std::holds_alternative<protocol::Done>(ear.last()));
}

TEST_F(FleetTest, AKilledWorkerEndsItsStreamsAtOnceAndTheNextRequestIsServed) {
  start();
  const auto before = wait_ready();
  Ear ear;
  const auto stream = fleet->submit(completion("hello", 15000), ear.sink());
  ear.next();
  ear.next();
  ::kill(before.process, SIGKILL);
  const auto killed = std::chrono::steady_clock::now();
  const auto failed = failure(ear.last());
  EXPECT_EQ(failed.code, Code::unavailable) << failed.message;
  EXPECT_LT(std::chrono::steady_clock::now() - killed, 5s);
  expect_served();
  EXPECT_NE(wait_ready().process, before.process);
}

TEST_F(FleetTest, AFrozenWorkerIsReplaced) {
  start();
  const auto before = wait_ready();
  Ear ear;
  const auto stream = fleet->submit(completion("hello", 15000), ear.sink());
  ear.next();
  ear.next();
  ::kill(before.process, SIGSTOP);
  EXPECT_EQ(failure(ear.last()).code, Code::unavailable);
  expect_served();
  EXPECT_NE(wait_ready().process, before.process);
}

TEST_F(FleetTest, AModelWhoseFileIsDeletedServesOnAndSaysSoWhenItIsLoadedAgain) {
  start();
  wait_ready();
  std::filesystem::remove(folder.path() / "tiny.gguf");
  expect_served();
  fleet->unload("tiny");
  wait_for("tiny", [](const ModelState& state) { return state.kind != ModelState::Kind::ready; });
  const auto failed = failure(ask(completion("a", 1)));
  EXPECT_EQ(failed.code, Code::unavailable);
  EXPECT_NE(failed.message.find("tiny.gguf"), std::string::npos) << failed.message;
}

TEST_F(FleetTest, AThousandAbortsLeakNoPage) {
  start();
  constexpr std::uint64_t tokens = 2000;
  // The whole text is stored from now on, so that streams that get far store nothing new: the seed is the same.
  EXPECT_TRUE(std::holds_alternative<protocol::Done>(ask(completion("hello", tokens))));
  wait_ready();
  const auto rest = [](const ModelState& state) {
    return state.status && state.status->running == 0 && state.status->waiting == 0;
  };
  // A status from before the text was stored would tell too many.
  const auto stored = [&](const ModelState& state) {
    return rest(state) && state.status->free_pages < state.status->total_pages;
  };
  const auto before = wait_for("default", stored).status->free_pages;
  for (int round = 0; round < 100; ++round) {
    std::deque<Ear> ears(10);
    std::vector<Stream> streams;
    for (auto& ear : ears) streams.push_back(fleet->submit(completion("hello", tokens), ear.sink()));
    if (round % 2 == 0) {
      const auto first = ears.front().next();
      ASSERT_TRUE(std::holds_alternative<protocol::Started>(first)) << failure(first).message;
    }
    streams.clear();
  }
  expect_served();
  const auto after = wait_for("default", [&](const ModelState& state) {
    return rest(state) && state.status->free_pages == before && state.streams == 0;
  });
  EXPECT_EQ(after.status->free_pages, before);
}

TEST_F(FleetTest, ARequestThatEndedTwoWorkersIsRefused) {
  start();
  const auto deadly = completion("deadly", 15000);
  for (int i = 0; i < 2; ++i) {
    const auto state = wait_ready();
    Ear ear;
    const auto stream = fleet->submit(deadly, ear.sink());
    ear.next();
    ear.next();
    ::kill(state.process, SIGSEGV);
    EXPECT_EQ(failure(ear.last()).code, Code::unavailable);
    expect_served();
  }
  EXPECT_EQ(failure(ask(deadly)).code, Code::invalid);
  expect_served();
}

TEST_F(FleetTest, TheLongestUnusedModelLeavesWhenMemoryIsNeeded) {
  options.memory_bytes = 1u << 30;
  for (const auto* name : {"one", "two"}) store_model(name);
  fleet = std::make_unique<Fleet>(options);
  expect_served("one");
  expect_served("two");
  EXPECT_EQ(fleet->find("one")->kind, ModelState::Kind::idle);
  expect_served("one");
  EXPECT_EQ(fleet->find("two")->kind, ModelState::Kind::idle);
}

TEST_F(FleetTest, AModelThatCanNeverFitIsToldSo) {
  options.memory_bytes = 100u << 20;
  start();
  const auto failed = failure(ask(completion("a", 1)));
  EXPECT_EQ(failed.code, Code::exhausted);
  EXPECT_NE(failed.message.find("models.memory_mib"), std::string::npos);
}

TEST_F(FleetTest, AFileThatChangedIsQuarantined) {
  start();
  wait_ready();
  std::ofstream(folder.path() / "tiny.gguf", std::ios::app) << "more";
  fleet->unload("tiny");
  wait_for("tiny", [](const ModelState& state) { return state.kind == ModelState::Kind::idle; });
  EXPECT_NE(failure(ask(completion("a", 1))).message.find("quarantined"), std::string::npos);
  wait_for("tiny", [](const ModelState& state) { return state.kind == ModelState::Kind::quarantined; });
}

TEST_F(FleetTest, AStoredFileWithAnotherSumIsQuarantinedByTheBackgroundCheck) {
  store_model("tiny", crypto::sha256_hex("another file"));
  fleet = std::make_unique<Fleet>(options);
  fleet->load("tiny");
  const auto state = wait_for("tiny", [](const ModelState& now) { return now.kind == ModelState::Kind::quarantined; });
  EXPECT_NE(state.reason.find("SHA-256"), std::string::npos) << state.reason;
  EXPECT_EQ(failure(ask(completion("a", 1))).code, Code::unavailable);
}

TEST_F(FleetTest, AFileThatIsNoModelIsToldSo) {
  const auto file = folder.path() / "bad.gguf";
  os::write_whole(file, "this is no model");
  options.config.preload.push_back(file.string());
  fleet = std::make_unique<Fleet>(options);
  const auto failed = failure(ask(completion("a", 1)));
  EXPECT_NE(failed.message.find("not a GGUF file"), std::string::npos) << failed.message;
}

TEST_F(FleetTest, AnIdleModelLeavesAfterItsTime) {
  store_model("tiny");
  options.config.keep_alive_s = 0;
  fleet = std::make_unique<Fleet>(options);
  EXPECT_EQ(fleet->find("tiny")->kind, ModelState::Kind::idle);
  expect_served("tiny");
  wait_for("tiny", [](const ModelState& state) { return state.kind == ModelState::Kind::idle; });
}

TEST_F(FleetTest, AFleetThatStopsEndsItsStreams) {
  start();
  Ear ear;
  const auto stream = fleet->submit(completion("hello", 15000), ear.sink());
  ear.next();
  ear.next();
  fleet.reset();
  EXPECT_EQ(failure(ear.last()).code, Code::unavailable);
}

}  // namespace
}  // namespace cofre::fleet
