#pragma once

#include "accounts/actions/actions.h"

/// The tables of actions, one a subject.
namespace cofre::accounts {

std::span<const Action> people_actions();
std::span<const Action> import_actions();
std::span<const Action> key_actions();
std::span<const Action> certificate_actions();
std::span<const Action> quota_actions();
std::span<const Action> usage_actions();
std::span<const Action> sign_in_actions();
std::span<const Action> passkey_actions();

}  // namespace cofre::accounts
