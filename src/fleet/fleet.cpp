#include "fleet/fleet.h"

#include <algorithm>
#include <future>
#include <map>
#include <mutex>

#include "base/error.h"
#include "fleet/http_calls.h"
#include "fleet/local_model.h"
#include "fleet/remote_model.h"
#include "fleet/roster.h"
#include "fleet/verifier.h"
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
               .start_timeout = std::chrono::seconds(options.config.start_timeout_s),
               .silence = std::chrono::seconds(options.config.silence_s),
               .queue = static_cast<std::size_t>(options.config.queue_length),
               .note =
                   [this](Notice::Level level, const std::string& model, std::string text) {
                     note({level, model, std::move(text)});
                   },
               .claim = [this](LocalModel& model) { return claim(model); },
               .free_seat = [this] { return free_seat(); },
               .ready = [this](LocalModel& model) { verify(model); },
               .changed = [this] { publish(); }} {
    for (auto& settings : roster(Models::open(options.data_directory), options.config)) add(std::move(settings));
    add_engines();
    publish();
  }

  void note(const Notice& notice) const {
    if (options.note) options.note(notice);
  }

  void add(LocalSettings settings) {
    const auto name = settings.name;
    locals.push_back(std::make_unique<LocalModel>(around, std::move(settings)));
  }

  /// Servers elsewhere; without any of them there is no network client at all.
  void add_engines() {
    const auto& config = options.config;
    if (config.engines.empty()) return;
    calls = std::make_unique<HttpCalls>();
    for (const auto& engine : config.engines) {
      RemoteModel::Settings settings{engine, {}, static_cast<std::size_t>(config.queue_length)};
      for (const auto& [alias, model] : config.aliases)
        if (model == engine.name) settings.aliases.push_back(alias);
      const bool first = config.default_model.empty() && locals.empty() && remotes.empty();
      if (first || config.default_model == engine.name) settings.aliases.emplace_back("default");
      remotes.push_back(std::make_unique<RemoteModel>(loop, *calls, std::move(settings), [this] { publish(); }));
    }
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
      auto fresh = roster(Models::open(options.data_directory), options.config);
      std::erase_if(locals, [&](const auto& model) {
        const auto is_this = [&](const LocalSettings& one) { return one.name == model->settings().name; };
        const bool removed = std::none_of(fresh.begin(), fresh.end(), is_this);
        if (removed) model->stop("the model was removed");
        return removed;
      });
      for (auto& settings : fresh) {
        const auto same = std::find_if(locals.begin(), locals.end(),
                                       [&](const auto& model) { return model->settings().name == settings.name; });
        if (same == locals.end()) {
          add(std::move(settings));
        } else {
          (*same)->reconfigure(std::move(settings));
        }
      }
    } catch (const Error& error) {
      note({Notice::Level::error, "", fmt::format("the store cannot be read again: {}", error.what())});
    }
    publish();
  }

  void shut(std::promise<void>& done) {
    stopping = true;
    for (const auto& model : locals) model->stop("the box is stopping");
    for (const auto& model : remotes) model->stop("the box is stopping");
    loop.post([&done] { done.set_value(); });  // behind the ends of the workers
  }

  Options options;
  std::uint64_t memory;
  Loop loop;
  os::Turns turns;
  Strikes strikes;
  Surrounding around;
  std::vector<std::unique_ptr<LocalModel>> locals;
  std::vector<std::unique_ptr<RemoteModel>> remotes;
  std::unique_ptr<HttpCalls> calls;             ///< goes before those it calls
  std::map<std::string, std::string> verified;  ///< sum that was looked at, by name
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
  core_->loop.post([core = core_.get()] { core->rescan(); });
}

}  // namespace cofre::fleet
