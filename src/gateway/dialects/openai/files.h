#pragma once

#include <memory>

#include "gateway/services.h"
#include "records/files.h"

/// /v1/files of OpenAI's API.
namespace cofre::gateway::openai {

json::Object file_object(const records::File& file);

/// Takes the body of upload_file(). Throws Failure 413 where the headers tell of too much, Error(invalid).
std::shared_ptr<http::BodySink> receive_file(Services& services, const http::Request& head);
void upload_file(Services& services, Call&& call);
void list_files(Services& services, Call&& call);
void get_file(Services& services, Call&& call);
void get_file_content(Services& services, Call&& call);
void delete_file(Services& services, Call&& call);

}  // namespace cofre::gateway::openai
