#include "gateway/models.h"

#include <utility>

namespace cofre::gateway {
namespace {

struct FleetRunning : Running {
  explicit FleetRunning(fleet::Stream of) : stream(std::move(of)) {}
  fleet::Stream stream;
};

}  // namespace

std::unique_ptr<Running> FleetModels::submit(protocol::Request request, fleet::EventSink sink) {
  return std::make_unique<FleetRunning>(fleet_.submit(std::move(request), std::move(sink)));
}

}  // namespace cofre::gateway
