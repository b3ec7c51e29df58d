#include "store/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/thrown.h"
#include "os/disk.h"
#include "os/paths.h"
#include "store/box.h"

namespace cofre::store {
namespace {

constexpr crypto::PasswordCost cheap{1, 8 << 20};
constexpr const char* words = "correct horse battery staple";

class MasterKey : public testing::Test {
 protected:
  std::string load(const std::string& passphrase = "") const {
    return master_key(data_, [&] { return passphrase; }).hex();
  }
  std::string content() const { return os::read_whole(file_, 1 << 16); }

  os::TemporaryDirectory folder_{testing::TempDir()};
  std::filesystem::path data_ = folder_.path() / "data", file_ = data_ / "master.key";
};

TEST_F(MasterKey, IsMadeOnceForItsOwnerAlone) {
  const auto made = load();
  EXPECT_EQ(load(), made);
  EXPECT_EQ(keeping_of(data_).by, Keeping::By::file);
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::chmod(file_.c_str(), 0640), 0);
  EXPECT_EQ(code_of([&] { load(); }), Code::invalid);
}

TEST_F(MasterKey, WhenLostIsNotReplacedByANewOne) {
  open_box(data_, master_key(data_)).script("CREATE TABLE t (a INTEGER)");
  std::filesystem::remove(file_);
  EXPECT_EQ(code_of([&] { load(); }), Code::not_found);
}

TEST_F(MasterKey, IsOpenedByItsPassphraseAlone) {
  const auto key = master_key(data_);
  const auto bare = content();
  keep_by_passphrase(data_, key, words, cheap);
  EXPECT_EQ(keeping_of(data_).by, Keeping::By::passphrase);
  EXPECT_EQ(load(words), key.hex());
  EXPECT_EQ(field_of([&] { load("correct horse battery stable"); }), "passphrase");
  EXPECT_EQ(field_of([&] { load(""); }), "passphrase");
  EXPECT_EQ(field_of([&] { master_key(data_); }), "passphrase");
  EXPECT_EQ(content().find(bare), std::string::npos);
  EXPECT_EQ(content().find("horse"), std::string::npos);
  keep_by_passphrase(data_, key, "another passphrase", cheap);
  EXPECT_EQ(field_of([&] { load(words); }), "passphrase");
  keep_in_file(data_, key);
  EXPECT_EQ(keeping_of(data_).by, Keeping::By::file);
  EXPECT_EQ(content(), bare);
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(MasterKey, ASmallPassphraseChangesNothing) {
  const auto key = master_key(data_);
  EXPECT_EQ(field_of([&] { keep_by_passphrase(data_, key, "short", cheap); }), "passphrase");
  EXPECT_EQ(load(), key.hex());
}

TEST_F(MasterKey, WhatIsNoFormOfItIsRefusedWithItsName) {
  const auto key = master_key(data_);
  keep_by_passphrase(data_, key, words, cheap);
  const auto good = content();
  const auto put = [&](const std::string& text) {
    std::filesystem::remove(file_);
    os::create_private(file_, text);
  };
  const auto without = [&](std::string_view part, std::string_view instead) {
    std::string text = good;
    return text.replace(text.find(part), part.size(), instead);
  };
  for (const auto& text :
       {std::string(), std::string(31, 'x'), std::string("[]"), std::string(R"({"kept":"cloud"})"),
        without(R"("passes":1)", R"("passes":1000000)"), without(R"("passes":1)", R"("passes":0)"),
        without(R"("passes":1)", R"("passes":-1)"), without("8388608", "99999999999999"), without("8388608", "1"),
        without(R"("salt":")", R"("salt":"AA)"), without(R"("sealed":")", R"("sealed":"AA)"), good.substr(0, 100),
        std::string(R"({"kept":"tpm","tcti":"evil:/tmp/lib.so","pcrs":[],"public":"AA","private":"AA"})"),
        std::string(R"({"kept":"tpm","tcti":"device:/dev/null","pcrs":[24],"public":"AA","private":"AA"})"),
        std::string(R"({"kept":"tpm","tcti":"device:/dev/null","pcrs":[7],"public":"A","private":"AA"})")}) {
    put(text);
    const auto error = thrown_by([&] { load(words); });
    ASSERT_TRUE(error) << text;
    EXPECT_EQ(error->code(), Code::invalid) << error->what();
    EXPECT_NE(std::string(error->what()).find("master.key"), std::string::npos) << error->what();
  }
  put(good);
  EXPECT_EQ(load(words), key.hex());
}

TEST_F(MasterKey, AChangeThatWasBrokenOffLeavesTheOldFormAndNothingBesideIt) {
  const auto key = master_key(data_);
  keep_by_passphrase(data_, key, words, cheap);
  const auto next = file_.string() + ".new";
  os::create_private(next, content().substr(0, 50));  // the machine stopped while it was written
  EXPECT_EQ(load(words), key.hex());
  EXPECT_FALSE(std::filesystem::exists(next));
  os::create_private(next, "what was left");
  keep_in_file(data_, key);
  EXPECT_FALSE(std::filesystem::exists(next));
  EXPECT_EQ(load(), key.hex());
}

TEST_F(MasterKey, WhereThereIsNoTpmItIsKeptAsBefore) {
  const auto key = master_key(data_);
  EXPECT_EQ(code_of([&] { keep_in_tpm(data_, key, "device:" + (data_ / "no-tpm").string(), {7}); }), Code::unavailable);
  EXPECT_EQ(field_of([&] { keep_in_tpm(data_, key, "/tmp/evil.so", {}); }), "tcti");
  EXPECT_EQ(load(), key.hex());
  EXPECT_EQ(keeping_of(data_).by, Keeping::By::file);
}

}  // namespace
}  // namespace cofre::store
