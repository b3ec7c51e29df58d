#pragma once

#include "engine/sampler.h"
#include "protocol/request.h"
#include "serving/text_service.h"

namespace cofre::serving {

/// What the request says, else the maker's advice, else the engine's defaults. Requires numbers that
/// protocol::validate() took. The seed is not set where the request has none.
engine::SamplingParams sampling_params(const protocol::Sampling& sampling, const Advice& advice);

}  // namespace cofre::serving
