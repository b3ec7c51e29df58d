#include "fleet/fleet.h"

#include <algorithm>
#include <future>
#include <map>
#include <mutex>

#include "base/error.h"
#include "fleet/local_model.h"
#include "fleet/remote_model.h"
#include "fleet/roster.h"
#include "fleet/verifier.h"
#include "http/calls.h"
#include "os/system_memory.h"

namespace cofre::fleet {
namespace {

using std::chrono::milliseconds;
using Kind = ModelState::Kind;

constexpr milliseconds tick_time{100};
constexpr std::uint64_t kv_least_bytes = 256u << 20;  ///< below it a model is of little use
constexpr double memory_share = 0.8;                  ///< of the free memory, where nothing is configured

std::uint64_t budget(const Fleet::Options& options) {
  if (options.memory_bytes > 0) return options.memory_bytes;
  if (options.config.memory_mib > 0) return static_cast<std::uint64_t>(options.config.memory_mib) << 20;
  return static_cast<std::uint64_t>(static_cast<double>(os::usable_memory_bytes()) * memory_share);
}

}  // namespace

std::string_view name_of(ModelState::Kind kind) noexcept {
  constexpr std::string_view names[] = {"idle", "loading", "ready", "waiting", "quarantined", "remote"};
  return names[static_cast<std::size_t>(kind)];
}

Stream& Stream::operator=(Stream&& other) noexcept {
  std::swap(flow_, other.flow_);
  return *this;
}

Stream::~Stream() {
  if (!flow_) return;
  flow_->closed.store(true);
  flow_->cancel();
}

/// What the fleet's thread owns. Its models are reached from that thread alone; what others may see is in `seen`.
struct Fleet::Core : std::enable_shared_from_this<Fleet::Core> {
  explicit Core(Options given)
      : options(std::move(given)),
        memory(budget(options)),
        around{.loop = loop,
               .turns = turns,
               .strikes = strikes,
               .program = options.program,
               .start_timeout = {},
               .silence = {},
               .queue = 0,
               .note =
                   [this](Notice::Level level, const std::string& model, std::string text) {
                     note({level, model, std::move(text)});
                   },
               .claim = [this](LocalModel& model) { return claim(model); },
               .free_seat = [this] { return free_seat(); },
               .ready = [this](LocalModel& model) { verify(model); },
               .changed = [this] { publish(); }} {
    set_rules();
    for (auto& settings : roster(Models::open(options.data_directory), options.config)) add(std::move(settings));
    std::vector<std::unique_ptr<RemoteModel>> none;
    remotes = engines(options.config, locals.empty(), none);
    publish();
  }

  /// What the configuration says of all models together.
  void set_rules() {
    around.start_timeout = std::chrono::seconds(options.config.start_timeout_s);
    around.silence = std::chrono::seconds(options.config.silence_s);
    around.queue = static_cast<std::size_t>(options.config.queue_length);
  }

  void note(const Notice& notice) const {
    if (options.note) options.note(notice);
  }

  LocalModel& add(LocalSettings settings) {
    return *locals.emplace_back(std::make_unique<LocalModel>(around, std::move(settings)));
  }

  /// Servers elsewhere, those that are known already as they are; without any of them there is no network client.
  std::vector<std::unique_ptr<RemoteModel>> engines(const config::Config& config, bool no_local,
                                                    std::vector<std::unique_ptr<RemoteModel>>& known) {
    std::vector<std::unique_ptr<RemoteModel>> list;
    std::vector<std::size_t> places;  // of those that are known
    if (!config.engines.empty() && !calls) calls = std::make_unique<http::Calls>();
    for (const auto& engine : config.engines) {
      RemoteModel::Settings settings{engine, {}, static_cast<std::size_t>(config.queue_length)};
      for (const auto& [alias, model] : config.aliases)
        if (model == engine.name) settings.aliases.push_back(alias);
      const bool first = config.default_model.empty() && no_local && list.empty();
      if (first || config.default_model == engine.name) settings.aliases.emplace_back("default");
      const auto same =
          std::find_if(known.begin(), known.end(), [&](const auto& one) { return one->settings() == settings; });
      places.push_back(static_cast<std::size_t>(same - known.begin()));
      list.push_back(same != known.end()
                         ? nullptr
                         : std::make_unique<RemoteModel>(loop, *calls, std::move(settings), [this] { publish(); }));
    }
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!list[i]) list[i] = std::move(known[places[i]]);
    return list;
  }

  RemoteModel* find_remote(std::string_view name) const {
    const auto wanted = lower_case(name);
    for (const auto& model : remotes)
      if (model->answers_to(wanted)) return model.get();
    return nullptr;
  }

  LocalModel* find(std::string_view name) const {
    const auto wanted = lower_case(name);
    for (const auto& model : locals) {
      const auto& s = model->settings();
      const auto is = [&](const std::string& text) { return lower_case(text) == wanted; };
      if (is(s.name) || std::any_of(s.aliases.begin(), s.aliases.end(), is)) return model.get();
    }
    return nullptr;
  }

  void submit(const FlowPtr& flow) {
    if (stopping) return flow->fail(Code::unavailable, "the box is stopping", 5);
    if (auto* model = find(flow->request.model)) return model->submit(flow);
    if (auto* model = find_remote(flow->request.model)) return model->submit(flow);
    flow->fail(Code::not_found, fmt::format("there is no model \"{}\" here", flow->request.model), 0, "model");
  }

  void cancel(const FlowPtr& flow) {
    if (flow->over) return;
    for (const auto& model : locals) model->cancel(flow);
    for (const auto& model : remotes) model->cancel(flow);
    for (const auto& model : leaving) model->cancel(flow);
  }

  /// Memory for a model about to start. Those that are idle leave, the longest unused first, preloaded ones last.
  std::uint64_t claim(LocalModel& wanting) {
    const auto& settings = wanting.settings();
    const std::uint64_t fixed = settings.identity.bytes + LocalModel::scratch_bytes;
    const std::uint64_t configured = settings.worker.kv_bytes;
    const std::uint64_t least = fixed + (configured > 0 ? configured : std::min(kv_least_bytes, memory / 8));
    if (least > memory)
      fail(Code::exhausted, "the model {} needs {} MiB; all models may take {} MiB (models.memory_mib)", settings.name,
           least >> 20, memory >> 20);
    std::uint64_t used = 0;
    std::vector<LocalModel*> idle;
    for (const auto& model : locals) {
      used += model->memory_bytes();
      if (model.get() != &wanting && model->kind() == Kind::ready && !model->busy()) idle.push_back(model.get());
    }
    std::sort(idle.begin(), idle.end(), [](const LocalModel* a, const LocalModel* b) {
      return std::pair(a->settings().preloaded, a->last_used()) < std::pair(b->settings().preloaded, b->last_used());
    });
    for (auto* model : idle) {
      if (used + least <= memory) break;
      used -= model->memory_bytes();
      note({Notice::Level::info, model->settings().name,
            fmt::format("leaves: its memory is needed for {}", settings.name)});
      model->stop("the model leaves");
    }
    if (used + least > memory) return 0;
    if (configured > 0) return configured;
    // Half of what is left, so that another model finds room too.
    return std::max(least - fixed, (memory - used - fixed) / 2);
  }

  unsigned free_seat() const {
    for (unsigned seat = 0; seat < os::Turns::seats; ++seat) {
      const auto taken = [&](const auto& model) { return model->seat() == static_cast<int>(seat); };
      if (std::none_of(locals.begin(), locals.end(), taken)) return seat;
    }
    fail(Code::exhausted, "{} models are loaded; there are no more seats", os::Turns::seats);
  }

  /// Reads the whole file in the background, once for each content.
  void verify(LocalModel& model) {
    const auto& settings = model.settings();
    auto& done = verified[settings.name];
    if (settings.sha256.empty() || done == settings.sha256) return;
    done = settings.sha256;
    verifier.post({settings.file, settings.sha256, [this, name = settings.name](const std::string& fault) {
                     loop.post([this, name, fault] {
                       if (auto* bad = find(name)) bad->quarantine(fault + "; cofre pull or cofre import mends it");
                     });
                   }});
  }

  void tick() {
    const auto now = Clock::now();
    for (const auto& model : locals) model->tick(now);
    for (const auto& model : remotes) model->tick(now);
    std::erase_if(leaving, [](const auto& model) { return !model->busy(); });
    publish();
    loop.after(tick_time, [this] { tick(); });
  }

  void publish() {
    const auto now = Clock::now();
    std::vector<ModelState> states;
    for (const auto& model : locals) states.push_back(model->state(now));
    for (const auto& model : remotes) states.push_back(model->state(now));
    const std::lock_guard lock(mutex);
    seen = std::move(states);
    seen_at = now;
  }

  void rescan() {
    try {
      take_over(roster(Models::open(options.data_directory), options.config));
    } catch (const Error& error) {
      note({Notice::Level::error, "", fmt::format("the store cannot be read again: {}", error.what())});
    }
    publish();
  }

  void reconfigure(const config::Config& config) {
    auto fresh = roster(Models::open(options.data_directory), config);
    auto known = std::move(remotes);
    try {
      remotes = engines(config, fresh.empty(), known);
    } catch (...) {
      remotes = std::move(known);
      throw;
    }
    // Answers of engines that are gone, or are others now, end as they were begun.
    for (auto& old : known)
      if (old && old->busy()) leaving.push_back(std::move(old));
    const bool other_memory = config.memory_mib != options.config.memory_mib;
    options.config = config;
    if (other_memory) memory = budget(options);
    set_rules();
    take_over(std::move(fresh));
    publish();
  }

  void take_over(std::vector<LocalSettings> fresh) {
    std::erase_if(locals, [&](const auto& model) {
      const auto is_this = [&](const LocalSettings& one) { return one.name == model->settings().name; };
      const bool removed = std::none_of(fresh.begin(), fresh.end(), is_this);
      if (removed) model->stop("the model was removed");
      return removed;
    });
    for (auto& settings : fresh) {
      const auto same = std::find_if(locals.begin(), locals.end(),
                                     [&](const auto& model) { return model->settings().name == settings.name; });
      auto* known = same == locals.end() ? nullptr : same->get();
      const bool load = settings.preloaded && (known == nullptr || !known->settings().preloaded);
      if (known != nullptr) known->reconfigure(std::move(settings));
      auto& model = known != nullptr ? *known : add(std::move(settings));
      if (load) model.load();
    }
  }

  void shut(std::promise<void>& done) {
    stopping = true;
    for (const auto& model : locals) model->stop("the box is stopping");
    for (const auto& model : remotes) model->stop("the box is stopping");
    for (const auto& model : leaving) model->stop("the box is stopping");
    loop.post([&done] { done.set_value(); });  // behind the ends of the workers
  }

  Options options;
  std::atomic<std::uint64_t> memory;
  Loop loop;
  os::Turns turns;
  Strikes strikes;
  Surrounding around;
  std::vector<std::unique_ptr<LocalModel>> locals;
  std::vector<std::unique_ptr<RemoteModel>> remotes;
  std::vector<std::unique_ptr<RemoteModel>> leaving;  ///< no longer configured; they end what they have
  std::unique_ptr<http::Calls> calls;                 ///< goes before those it calls
  std::map<std::string, std::string> verified;        ///< sum that was looked at, by name
  bool stopping = false;
  std::atomic<std::uint64_t> next_id{1};

  mutable std::mutex mutex;
  std::vector<ModelState> seen;
  Clock::time_point seen_at{};
  Verifier verifier;  ///< last: its thread posts to the loop
};

Fleet::Fleet(Options options) : core_(std::make_shared<Core>(std::move(options))) {
  core_->loop.post([core = core_.get()] {
    for (const auto& model : core->locals)
      if (model->settings().preloaded) model->load();
    core->tick();
  });
}

Fleet::~Fleet() {
  std::promise<void> done;
  core_->loop.post([&] { core_->shut(done); });
  done.get_future().wait();
  core_->loop.stop();
}

Stream Fleet::submit(protocol::Request request, EventSink sink) {
  protocol::validate(request);
  auto flow = std::make_shared<Stream::Flow>();
  flow->id = core_->next_id.fetch_add(1);
  flow->sink = std::move(sink);
  auto object = protocol::to_json(request);
  object["id"] = "";
  flow->fingerprint = std::hash<std::string>{}(json::dump(object));
  flow->submit = protocol::encode(protocol::Submit{flow->id, request});
  flow->request = std::move(request);
  flow->cancel = [weak = std::weak_ptr(core_), flow_weak = std::weak_ptr(flow)] {
    const auto core = weak.lock();
    const auto flow_now = flow_weak.lock();
    if (core && flow_now) core->loop.post([core = core.get(), flow_now] { core->cancel(flow_now); });
  };
  core_->loop.post([core = core_.get(), flow] { core->submit(flow); });
  return Stream(std::move(flow));
}

std::vector<ModelState> Fleet::models() const {
  const std::lock_guard lock(core_->mutex);
  const auto older =
      static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(Clock::now() - core_->seen_at).count());
  auto states = core_->seen;
  for (auto& state : states) {
    if (!state.status) continue;
    state.status->token_age_ms += older;
    state.healthy = state.healthy && state.status->token_age_ms <= pulse_max_ms;
  }
  return states;
}

std::optional<ModelState> Fleet::find(std::string_view name) const {
  const auto wanted = lower_case(name);
  for (auto& state : models()) {
    const auto is = [&](const std::string& text) { return lower_case(text) == wanted; };
    if (is(state.name) || std::any_of(state.aliases.begin(), state.aliases.end(), is)) return std::move(state);
  }
  return std::nullopt;
}

Health Fleet::health() const {
  const auto all = models();
  const bool only_remote =
      std::all_of(all.begin(), all.end(), [](const ModelState& model) { return model.kind == Kind::remote; });
  for (const auto& model : all) {
    if (only_remote && !model.healthy)
      return {false, fmt::format("no server behind {} makes tokens: {}", model.name, model.reason)};
    if (model.kind == Kind::ready && !model.healthy)
      return {false, fmt::format("the model {} has made no token for {} ms", model.name,
                                 model.status ? model.status->token_age_ms : 0)};
    if (model.preloaded && model.kind != Kind::ready && model.kind != Kind::idle)
      return {false, fmt::format("the model {} is {}{}{}", model.name, name_of(model.kind),
                                 model.reason.empty() ? "" : ": ", model.reason)};
  }
  return {true, {}};
}

std::uint64_t Fleet::memory_bytes() const { return core_->memory; }

void Fleet::load(std::string_view name) {
  core_->loop.post([core = core_.get(), name = std::string(name)] {
    if (auto* model = core->find(name)) model->load();
  });
}

void Fleet::unload(std::string_view name) {
  core_->loop.post([core = core_.get(), name = std::string(name)] {
    if (auto* model = core->find(name)) model->let_go();
  });
}

void Fleet::rescan() {
  std::promise<void> done;
  core_->loop.post([&] {
    core_->rescan();
    done.set_value();
  });
  done.get_future().wait();
}

void Fleet::reconfigure(const config::Config& config) {
  std::promise<void> done;
  core_->loop.post([&] {
    try {
      core_->reconfigure(config);
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

}  // namespace cofre::fleet
