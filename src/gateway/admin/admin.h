#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "accounts/actions/actor.h"
#include "gateway/services.h"

/// The administration over HTTP: each route is an action of accounts/actions, which commands reach by the box's socket.
namespace cofre::gateway::admin {

/// Answers with what `work` returns, on a thread that may wait; its errors become answers too.
void at_desk(Services& services, Call&& call, std::function<http::Response(Services&, Call&)> work);

/// 200 with what no cache keeps.
http::Response json_response(const json::Object& object);

/// Who calls.
accounts::Actor actor_of(const Call& call);

/// The members of a JSON body, of the query, and what the path's {names} stand for (digits: an id). Throws
/// Error(invalid) where one is given twice.
json::Object request_of(const Call& call);

void act_named(std::string_view action, Services& services, Call&& call);

/// A text as an argument of a template.
template <std::size_t size>
struct Name {
  char text[size];
  constexpr Name(const char (&from)[size]) {
    for (std::size_t i = 0; i < size; ++i) text[i] = from[i];
  }
};

/// The handler of one action: act<"user.create">.
template <Name name>
void act(Services& services, Call&& call) {
  act_named(name.text, services, std::move(call));
}

}  // namespace cofre::gateway::admin
