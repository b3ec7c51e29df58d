#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "fleet/fleet.h"
#include "protocol/request.h"

namespace cofre::gateway {

/// A request on its way through a model; dropping it cancels.
class Running {
 public:
  virtual ~Running() = default;
};

/// What the gateway needs of the models: the fleet's own calls (fleet.h), so that tests and benches can replay events.
class Models {
 public:
  virtual ~Models() = default;
  /// As fleet::Fleet::submit. The sink may be called before this returns.
  [[nodiscard]] virtual std::unique_ptr<Running> submit(protocol::Request request, fleet::EventSink sink) = 0;
  virtual std::vector<fleet::ModelState> models() const = 0;
  virtual std::optional<fleet::ModelState> find(std::string_view name) const = 0;
  virtual fleet::Health health() const = 0;
  // As fleet::Fleet's.
  virtual std::uint64_t memory_bytes() const = 0;
  virtual void load(std::string_view name) = 0;
  virtual void unload(std::string_view name) = 0;
  virtual void rescan() = 0;
};

/// The fleet itself, which outlives this.
class FleetModels : public Models {
 public:
  explicit FleetModels(fleet::Fleet& fleet) : fleet_(fleet) {}
  std::unique_ptr<Running> submit(protocol::Request request, fleet::EventSink sink) override;
  std::vector<fleet::ModelState> models() const override { return fleet_.models(); }
  std::optional<fleet::ModelState> find(std::string_view name) const override { return fleet_.find(name); }
  fleet::Health health() const override { return fleet_.health(); }
  std::uint64_t memory_bytes() const override { return fleet_.memory_bytes(); }
  void load(std::string_view name) override { fleet_.load(name); }
  void unload(std::string_view name) override { fleet_.unload(name); }
  void rescan() override { fleet_.rescan(); }

 private:
  fleet::Fleet& fleet_;
};

}  // namespace cofre::gateway
