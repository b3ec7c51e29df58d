#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "serving/text_model.h"

namespace cofre::serving {

/// Limits of the machine, measured now with all of the team: the clock of a shared machine changes from hour to hour.
struct MachineLimits {
  double read_gb_s = 0;     ///< memory, over 2 GiB
  double peak_tflop_s = 0;  ///< the best product instruction of the kernels in use; operations, whatever their type
};
MachineLimits measure_machine(const kernels::Kernels& kernels, os::Team& team);

struct PrefillResult {
  std::size_t tokens;
  double tokens_per_s;
  double peak_share;  ///< operations of the linear layers against the machine's peak
};

struct DecodeResult {
  std::size_t context, streams;
  double tokens_per_s;  ///< of all streams together
  double step_s;
  double read_share;  ///< bytes that the step must read (the file's weights, no unread embedding rows, KV) against the
                      ///< machine's bandwidth
};

struct BenchReport {
  MachineLimits machine;
  std::vector<PrefillResult> prefill;
  std::vector<DecodeResult> decode;
};

struct BenchPlan {
  std::vector<std::size_t> prompts{16, 32, 128, 512, 2048};
  std::vector<std::size_t> streams{1, 2, 4, 8, 16, 32};
  std::size_t stream_context = 128;
  std::size_t long_context = 4096;  ///< one stream; 0: left out
  static BenchPlan quick() { return {{512}, {1}, 128, 0}; }
};

/// Runs the plan; figures are medians. `say` is told what is being measured.
BenchReport run_bench(Loaded& loaded, const BenchPlan& plan, const std::function<void(std::string_view)>& say = {});

/// Bytes of the file that one generated token needs.
std::uint64_t file_bytes_per_token(const Loaded& loaded);
std::uint64_t file_bytes_per_token(const gguf::File& file, const model::ModelSpec& spec);
/// Resident memory of this process (anonymous and file), in bytes.
std::uint64_t resident_bytes();

}  // namespace cofre::serving
