#include "gateway/console/assistants.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "gateway/assistants.h"
#include "gateway/console/chat_form.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/calls.h"
#include "gateway/dialects/openai/form.h"
#include "gateway/dialects/openai/query.h"

namespace cofre::gateway::console {
namespace {

using openai::Form;
using records::Assistant;
using records::Assistants;

constexpr std::uint32_t page_default = 50, page_max = 200;

std::vector<std::string> read_starters(Form& form) {
  std::vector<std::string> starters;
  const auto* list = form.list("starters", Assistants::starters_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto& one = (*list)[i];
    if (!one.is_string() || one.get_string().empty() || one.get_string().size() > Assistants::starter_bytes_max)
      form.refuse("starters", fmt::format("must hold texts of 1 to {} bytes", Assistants::starter_bytes_max));
    starters.emplace_back(one.get_string());
  }
  return starters;
}

/// One's own department; of whoever administers people any of the tenant.
std::vector<std::int64_t> read_departments(Form& form, const Services& services, const accounts::Caller& caller) {
  std::vector<std::int64_t> departments;
  const auto* list = form.list("departments", Assistants::departments_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (!(*list)[i].is_int64()) form.refuse("departments", "must hold ids of departments");
    const auto id = (*list)[i].get_int64();
    const auto found = services.accounts.directory.find_department(id);
    const bool known = found && found->state != accounts::State::deleted &&
                       found->tenant == static_cast<std::int64_t>(caller.tenant) &&
                       (id == caller.department || caller.scopes.has(accounts::Scope::people));
    if (!known) form.refuse("departments", fmt::format("must be those that you may publish to, not {}", id));
    if (std::find(departments.begin(), departments.end(), id) == departments.end()) departments.push_back(id);
  }
  return departments;
}

Assistants::Change read_change(const json::Value& body, const Services& services, const accounts::Caller& caller) {
  Form form(body);
  Assistants::Change change;
  const auto given = [&](const char* key) { return form.json().contains(key); };
  change.name = form.text("name", Assistants::name_bytes_max);
  if (given("title")) change.title = form.text("title", Assistants::title_bytes_max).value_or("");
  if (given("description"))
    change.description = form.text("description", Assistants::description_bytes_max).value_or("");
  if (given("system_prompt"))
    change.system_prompt = form.text("system_prompt", Assistants::prompt_bytes_max).value_or("");
  if (given("model")) change.model = form.text("model", 512);
  if (const auto* parameters = form.json().if_contains("parameters")) {
    form.ignore("parameters");
    change.parameters = read_parameters(*parameters);
  }
  if (given("starters")) change.starters = read_starters(form);
  if (given("departments")) change.departments = read_departments(form, services, caller);
  change.everyone = form.flag("everyone");
  if (change.everyone == true && !caller.scopes.has(accounts::Scope::people))
    form.refuse("everyone", "is for those who administer people");
  form.finish();
  if (change.model && *change.model && (*change.model)->starts_with(assistant_prefix))
    form.refuse("model", "must be no assistant itself");
  return change;
}

template <class T>
json::Array list_of(const std::vector<T>& all) {
  json::Array list;
  for (const auto& one : all) list.emplace_back(one);
  return list;
}

json::Object assistant_object(const Services& services, const accounts::Caller& caller, const Assistant& one) {
  const auto owner = services.accounts.directory.find_owner(one.owner);
  return {{"id", one.id},
          {"object", "assistant"},
          {"name", one.name},
          {"title", one.title},
          {"description", one.description},
          {"system_prompt", one.system_prompt},
          {"model", one.model ? json::Value(*one.model) : json::Value()},
          {"parameters", one.parameters},
          {"starters", list_of(one.starters)},
          {"departments", list_of(one.departments)},
          {"everyone", one.everyone},
          {"owner", json::Object{{"id", one.owner}, {"name", owner ? owner->name : ""}}},
          {"own", one.owner == caller.user},
          {"created_at", one.created},
          {"updated_at", one.updated}};
}

Assistant seen(const Services& services, const Call& call) {
  const auto& id = call.parameters.at(0);
  auto found = services.records.assistants.find(reader_of(*call.caller), id);
  if (!found) fail_field(Code::not_found, "assistant", "there is no assistant \"{}\"", id.substr(0, 64));
  return std::move(*found);
}

/// What others published is there, but not to be changed.
Assistant changeable(const Services& services, const Call& call) {
  auto found = seen(services, call);
  if (found.owner != call.caller->user && !call.caller->scopes.has(accounts::Scope::people)) {
    auto failure = failure_of(403, "the assistant is somebody else's");
    failure.param = "assistant";
    throw failure;
  }
  return found;
}

}  // namespace

void list_assistants(Services& services, Call&& call) {
  openai::check_query(call.request, {"limit", "after"});
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto page = openai::read_page(at.request, page_default, page_max);
    json::Array items;
    for (const auto& one : services.records.assistants.list(reader_of(*at.caller), page))
      items.emplace_back(assistant_object(services, *at.caller, one));
    at.answer(openai::list_text(std::move(items), page));
  });
}

void create_assistant(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto& caller = *at.caller;
    const auto change = read_change(openai::body_of(at), services, caller);
    if (!change.name) fail_field(Code::invalid, "name", "name is missing");
    const auto made = services.records.assistants.create(caller.user, static_cast<std::int64_t>(caller.tenant), change);
    at.answer(json::dump(assistant_object(services, caller, made)));
  });
}

void get_assistant(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    at.answer(json::dump(assistant_object(services, *at.caller, seen(services, at))));
  });
}

void change_assistant(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto found = changeable(services, at);
    const auto changed =
        services.records.assistants.change(found, read_change(openai::body_of(at), services, *at.caller));
    at.answer(json::dump(assistant_object(services, *at.caller, changed)));
  });
}

void delete_assistant(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto found = changeable(services, at);
    services.records.assistants.remove(found);
    at.answer(json::dump(json::Object{{"id", found.id}, {"object", "assistant"}, {"deleted", true}}));
  });
}

}  // namespace cofre::gateway::console
