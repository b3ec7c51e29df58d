#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "protocol/frames.h"

namespace cofre::fleet {

/// Takes a request's events, in order; the last one is Done or Failed. Called on the fleet's thread: it must be quick
/// and must not throw.
using EventSink = std::function<void(protocol::Event)>;

/// A request on its way through a model. Dropping it cancels: the model's memory is free within one step, and the sink
/// hears nothing more (a call that has begun on the fleet's thread ends on its own).
class Stream {
 public:
  struct Flow;
  Stream() = default;
  explicit Stream(std::shared_ptr<Flow> flow) : flow_(std::move(flow)) {}
  Stream(Stream&& other) noexcept = default;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

 private:
  std::shared_ptr<Flow> flow_;
};

/// A model that this box answers for.
struct ModelState {
  enum class Kind : std::uint8_t {
    idle,  ///< loaded when somebody asks for it
    loading,
    ready,
    waiting,      ///< its worker died; the next one starts after a pause
    quarantined,  ///< its file is not what was checked: refused until that is mended
    remote,       ///< answered by another server; ready while one of its replicas is
  };
  std::string name;                  ///< of the catalogue, the store, a file's stem, or an [[engine]]
  std::vector<std::string> aliases;  ///< "default" among them, where it is the default
  Kind kind = Kind::idle;
  std::string reason;  ///< why it is waiting or quarantined, for the reader
  bool preloaded = false;
  std::int64_t created_s = 0;                      ///< of the file, seconds since 1970
  std::uint64_t file_bytes = 0, memory_bytes = 0;  ///< memory: what it holds now
  std::optional<protocol::Ready> facts;            ///< once it was loaded
  std::optional<protocol::Status> status;          ///< of the worker that runs now
  std::uint64_t streams = 0;                       ///< requests it has, waiting ones included
  int process = 0;                                 ///< of the worker that runs now
  std::uint64_t deaths = 0;                        ///< of its workers since the start
  bool healthy = false;                            ///< a token or self-probe not older than Fleet::pulse_max_ms
};
std::string_view name_of(ModelState::Kind kind) noexcept;

/// Something that belongs into the log.
struct Notice {
  enum class Level : std::uint8_t { info, warning, error };
  Level level = Level::info;
  std::string model, text;
};

struct Health {
  bool ok = false;     ///< no model that should be ready is not, and each has a fresh pulse
  std::string reason;  ///< what is wrong
};

/// Every model of the box: starts workers when they are needed, keeps them within the memory budget, watches that they
/// make tokens, replaces those that die or freeze, and passes requests on to them or to other servers. Thread-safe;
/// nothing here blocks its caller.
class Fleet {
 public:
  static constexpr std::uint64_t pulse_max_ms = 10'000;

  struct Options {
    std::filesystem::path data_directory;
    config::Config config;                    ///< [models], [queue], [workers], [[engine]], [[model]]
    std::string program;                      ///< of the workers; empty: this program
    std::function<void(const Notice&)> note;  ///< called on the fleet's threads
    std::uint64_t memory_bytes = 0;           ///< budget; 0: as the configuration says
  };

  /// Models of the store and of [models] preload are served, those of preload are loaded at once.
  /// Throws Error where a model of preload or of an alias cannot be found.
  explicit Fleet(Options options);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Passes a request on to request.model (a name or alias). Throws Error(invalid, field) where protocol::validate()
  /// refuses it; everything else comes as Failed: not_found for a model that is not here, exhausted for a full queue,
  /// unavailable where its worker died or its file is quarantined.
  [[nodiscard]] Stream submit(protocol::Request request, EventSink sink);

  std::vector<ModelState> models() const;
  /// By name or alias, in small or capital letters.
  std::optional<ModelState> find(std::string_view name) const;
  Health health() const;
  std::uint64_t memory_bytes() const;  ///< the budget

  /// Loads a model, or lets it go once its streams have ended. Of a model that is not here: nothing.
  void load(std::string_view name);
  void unload(std::string_view name);
  /// Looks at the store again: when it returns, models that were pulled are served, those that were removed no longer.
  /// Not on the fleet's own thread.
  void rescan();
  /// Takes over what [models], [queue], [workers], [[engine]] and [[model]] say now, and looks at the store again.
  /// Answers that run end as they were begun; a loaded model whose context, memory or threads are others now is loaded
  /// anew when it has nothing to do. Waits until it is done; throws Error, nothing changed, where a model of preload or
  /// of an alias cannot be found or an engine's key cannot be read.
  void reconfigure(const config::Config& config);

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace cofre::fleet
