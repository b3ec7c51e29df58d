#include "gateway/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "gateway/route_table.h"

namespace cofre::gateway {
namespace {

TEST(OpenApi, DescribesEveryRouteAndNothingElse) {
  const auto same = [](const auto& a, const auto& b) { return a.method == b.method && a.pattern == b.pattern; };
  for (const auto& route : route_table()) {
    EXPECT_TRUE(
        std::any_of(route_notes().begin(), route_notes().end(), [&](const auto& note) { return same(route, note); }))
        << route.method << ' ' << route.pattern << " has no row in openapi_notes.cpp";
  }
  for (const auto& note : route_notes()) {
    EXPECT_TRUE(
        std::any_of(route_table().begin(), route_table().end(), [&](const auto& route) { return same(route, note); }))
        << note.method << ' ' << note.pattern << " is no route";
    EXPECT_FALSE(note.summary.empty());
  }
  EXPECT_EQ(route_notes().size(), route_table().size());
}

TEST(OpenApi, NoRouteStandsInTheTableTwice) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const auto& route : route_table())
    EXPECT_TRUE(seen.emplace(route.method, route.pattern).second) << route.method << ' ' << route.pattern;
}

TEST(OpenApi, NamesOnlySchemasThatAreThere) {
  const auto document = openapi();
  const auto& schemas = document.at("components").as_object().at("schemas").as_object();
  for (const auto& note : route_notes()) {
    for (const auto name : {note.takes, note.gives}) {
      EXPECT_TRUE(name.empty() || name == "text" || name == "WebSocket" || name == "redirect" || schemas.contains(name))
          << name;
    }
  }
}

// Of two members of one name the parser keeps the last: what refers to the first is then told another's shape.
TEST(OpenApi, NoSchemaIsThereTwice) {
  std::set<std::string> seen;
  std::istringstream lines{std::string(openapi_schemas())};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('"')) continue;
    EXPECT_TRUE(seen.insert(line.substr(0, line.find('"', 1))).second) << line;
  }
  EXPECT_EQ(seen.size(), openapi().at("components").as_object().at("schemas").as_object().size());
}

TEST(OpenApi, ABodyIsDescribedWhereOneIsTaken) {
  for (const auto& route : route_table()) {
    const auto note = std::find_if(route_notes().begin(), route_notes().end(), [&](const auto& one) {
      return one.method == route.method && one.pattern == route.pattern;
    });
    EXPECT_TRUE(note == route_notes().end() || route.body != Body::none || note->takes.empty()) << route.pattern;
  }
}

TEST(OpenApi, ARouteForAnybodySaysSo) {
  const auto document = openapi();
  const auto& health = document.at("paths").as_object().at("/health").as_object().at("get").as_object();
  EXPECT_TRUE(health.at("security").as_array().empty());
  const auto& users = document.at("paths").as_object().at("/admin/v1/users/{user}").as_object();
  EXPECT_EQ(users.at("delete").as_object().at("x-scope"), "people");
}

}  // namespace
}  // namespace cofre::gateway
