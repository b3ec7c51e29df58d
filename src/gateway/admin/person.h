#pragma once

#include "gateway/services.h"

namespace cofre::gateway::admin {

/// Destroys what the box keeps of a user or service account (records::erase_person) and answers with the certificate.
/// Nobody erases themselves.
void erase_person(Services& services, Call&& call);
/// Answers with all that the box keeps of a user or service account (records::export_page), as a tar archive.
void export_person(Services& services, Call&& call);

}  // namespace cofre::gateway::admin
