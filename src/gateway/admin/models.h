#pragma once

#include <memory>

#include "gateway/services.h"
#include "http/message.h"

/// The box's models, for administrators of the home tenant: docs/models.md.
namespace cofre::gateway::admin {

/// GET /admin/v1/models: what is on the disk and what is served
void list_models(Services& services, Call&& call);
/// GET /admin/v1/catalogue: what could be fetched, and what of it fits this box
void show_catalogue(Services& services, Call&& call);
// POST /admin/v1/models/{model}/load, …/unload
void load_model(Services& services, Call&& call);
void unload_model(Services& services, Call&& call);
/// DELETE /admin/v1/models/{model}
void remove_model(Services& services, Call&& call);
/// POST /admin/v1/models/pull: {"model"}; a job
void pull_model(Services& services, Call&& call);
/// POST /admin/v1/models/import?name=…: the file as it is; a job
void import_model(Services& services, Call&& call);
std::shared_ptr<http::BodySink> receive_model(Services& services, const http::Request& head);
/// POST /admin/v1/models/{model}/bench; a job
void bench_model(Services& services, Call&& call);
// GET /admin/v1/jobs, GET and DELETE /admin/v1/jobs/{job}
void list_jobs(Services& services, Call&& call);
void show_job(Services& services, Call&& call);
void cancel_job(Services& services, Call&& call);

}  // namespace cofre::gateway::admin
