#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "model/encoder.h"
#include "serving/service.h"
#include "serving/tasks.h"
#include "serving/text_model.h"

namespace cofre::serving {

/// One encoder at work: vectors of texts, scores of documents, for many callers at once.
///
/// Texts are made into tokens on threads of its own. A thread takes passes of them: texts of all callers, one of each
/// in turn, those of higher priority first, as many as a pass has rows for.
class EncoderService : public ModelService {
 public:
  struct Options {
    std::size_t rows = 1024;      ///< most tokens of a pass; at least the context
    std::size_t queue = 256;      ///< most requests that wait
    unsigned prompt_threads = 2;  ///< make tokens of texts
  };
  /// `loaded` must outlive it, and must be an encoder; answers may outlive it and are then told nothing more.
  EncoderService(Loaded& loaded, const Options& options);
  ~EncoderService() override;

  [[nodiscard]] Answer start(protocol::Request request, EventSink sink) override;
  /// One token's vector or labels.
  protocol::Request probe() const override;
  engine::Engine::Load load() const override;
  /// Tokens of one text.
  std::size_t context() const { return loaded_.spec.context; }

 private:
  struct Work;
  using WorkPtr = std::shared_ptr<Work>;
  /// A text of a pass.
  struct Place {
    WorkPtr work;
    std::size_t text;
  };
  std::vector<engine::TokenId> ids_of(std::string_view text) const;
  void prepare(const WorkPtr& work);
  void prepare_pairs(Work& work, const protocol::Rerank& task) const;
  void enqueue(const WorkPtr& work);
  void serve();
  std::vector<Place> plan();
  void run(const std::vector<Place>& places);
  void take(Work& work, std::size_t text, std::span<const float> result) const;
  void finish(Work& work) const;

  Loaded& loaded_;
  const Options options_;
  const bool ranks_;
  model::Encoder encoder_;

  mutable std::mutex mutex_;  ///< of what follows
  std::condition_variable wake_;
  std::deque<WorkPtr> works_;  ///< with texts that wait, higher priorities first
  engine::Engine::Load load_;
  bool stopping_ = false;

  Tasks prompts_;
  std::thread thread_;
};

}  // namespace cofre::serving
