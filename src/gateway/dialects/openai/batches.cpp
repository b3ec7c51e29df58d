#include "gateway/dialects/openai/batches.h"

#include "base/error.h"
#include "gateway/batch_runner.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/calls.h"
#include "gateway/dialects/openai/form.h"
#include "gateway/dialects/openai/parts.h"
#include "gateway/dialects/openai/query.h"
#include "gateway/dialects/openai/upload.h"
#include "gateway/errors.h"
#include "gateway/metering.h"

namespace cofre::gateway::openai {
namespace {

using Status = records::Batch::Status;

constexpr std::uint32_t page_batches_default = 20, page_batches_max = 100;
constexpr std::size_t id_bytes_max = 128;

json::Value metadata_of(Form& form) {
  auto metadata = form.object("metadata");
  if (!metadata) return nullptr;
  if (metadata->json().size() > 16) form.refuse("metadata", "must have at most 16 fields");
  for (const auto& member : metadata->json()) {
    if (member.key().size() > 64) form.refuse("metadata", "must have names of at most 64 bytes");
    metadata->required_text(member.key(), 512);
  }
  return metadata->json();
}

std::optional<std::int64_t> expires_after(Form& form) {
  auto expires = form.object("output_expires_after");
  if (!expires) return std::nullopt;
  expires->required_text("anchor");
  expires->word("anchor", {"created_at"});
  const auto seconds = expires->whole("seconds", expiry_least_s, expiry_most_s);
  if (!seconds) expires->refuse("seconds", "is missing");
  expires->finish();
  return seconds;
}

records::Batches::New parse_batch(const json::Value& body) {
  Form form(body);
  records::Batches::New made;
  made.input_file = form.required_text("input_file_id", id_bytes_max);
  made.endpoint = form.required_text("endpoint");
  form.word("endpoint", {"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"});
  form.required_text("completion_window");
  form.word("completion_window", {"24h"});
  made.metadata = metadata_of(form);
  made.output_expires_s = expires_after(form);
  form.finish();
  return made;
}

void answer_with(const Call& call, const records::Batch& batch) { call.answer(json::dump(batch_object(batch))); }

}  // namespace

json::Object batch_object(const records::Batch& batch) {
  const auto or_null = [](const auto& value) { return value ? json::Value(*value) : json::Value(); };
  const auto ended_as = [&](Status status) { return batch.status == status ? or_null(batch.ended) : json::Value(); };
  json::Object out{{"id", batch.id},
                   {"object", "batch"},
                   {"endpoint", batch.endpoint},
                   {"errors", nullptr},
                   {"input_file_id", batch.input_file},
                   {"completion_window", "24h"},
                   {"status", records::name_of(batch.status)},
                   {"output_file_id", or_null(batch.output_file)},
                   {"error_file_id", or_null(batch.error_file)},
                   {"created_at", batch.created},
                   {"in_progress_at", or_null(batch.begun)},
                   {"expires_at", batch.expires},
                   {"finalizing_at", or_null(batch.finalizing)},
                   {"completed_at", ended_as(Status::completed)},
                   {"failed_at", ended_as(Status::failed)},
                   {"expired_at", ended_as(Status::expired)},
                   {"cancelling_at", or_null(batch.cancelling)},
                   {"cancelled_at", ended_as(Status::cancelled)},
                   {"metadata", batch.metadata}};
  if (!batch.faults.empty()) out["errors"] = json::Object{{"object", "list"}, {"data", batch.faults}};
  out["request_counts"] =
      json::Object{{"total", batch.total}, {"completed", batch.completed}, {"failed", batch.failed}};
  out["usage"] = input_output_usage(batch.usage);
  return out;
}

void create_batch(Services& services, Call&& call) {
  auto made = parse_batch(body_of(call));
  made.tenant = call.caller->holder();
  made.key_id = call.caller->key_id;
  if (made.key_id < 0) fail(Code::invalid, "a batch is made with a key: a session may end before it");
  at_desk(services.desk, std::move(call), [&services, made = std::move(made)](Call&& at) {
    room_for(services.accounts, *at.caller, 0);  // its output is stored whole, but not begun where all is full
    const auto batch = services.records.batches.create(made, services.settings.batches_per_key);
    services.batches.wake();
    answer_with(at, batch);
  });
}

void list_batches(Services& services, Call&& call) {
  check_query(call.request, {"limit", "after"});
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto page = read_page(at.request, page_batches_default, page_batches_max);
    json::Array items;
    for (const auto& batch : services.records.batches.list(at.caller->holder(), page))
      items.emplace_back(batch_object(batch));
    at.answer(list_text(std::move(items), page));
  });
}

void get_batch(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto& id = at.parameters.at(0);
    const auto batch = services.records.batches.find(at.caller->holder(), id);
    if (!batch) fail_field(Code::not_found, "batch_id", "there is no batch \"{}\"", id.substr(0, 64));
    answer_with(at, *batch);
  });
}

void cancel_batch(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto batch = services.records.batches.cancel(at.caller->holder(), at.parameters.at(0));
    if (batch.ended || batch.status == Status::finalizing) {
      auto failure =
          failure_of(409, fmt::format("a batch that is {} cannot be cancelled", records::name_of(batch.status)));
      failure.param = "batch_id";
      failure.retry = false;
      throw failure;
    }
    services.batches.wake();
    answer_with(at, batch);
  });
}

}  // namespace cofre::gateway::openai
