#include <array>

#include "app/command.h"

namespace cofre::app {
namespace {

constexpr std::array table{
    Command{"run", "Ask a model in the terminal, or chat with it", declare_run},
    Command{"pull", "Fetch a model into the store", declare_pull},
    Command{"import", "Take a model file into the store", declare_import},
    Command{"list", "Show the models in the store", declare_list},
    Command{"rm", "Remove models from the store", declare_rm},
    Command{"verify", "Check models in the store against their SHA-256", declare_verify},
    Command{"inspect", "Tell what is in a model file", declare_inspect},
    Command{"tokenize", "Turn a text into the token ids of a model", declare_tokenize},
    Command{"render", "Apply a chat template to messages", declare_render},
    Command{"embed", "Turn texts into vectors", declare_embed},
    Command{"bench", "Measure a model on this machine", declare_bench},
    Command{"perplexity", "Tell how well a model foresees a text", declare_perplexity},
    Command{"serve", "Serve models to applications", declare_serve},
    Command{"status", "Tell whether the box runs, and what it has loaded", declare_status},
    Command{"stop", "Stop the box", declare_stop},
    Command{"reload", "Make the box read its settings again", declare_reload},
    Command{"tenant", "Make, show, suspend and delete tenants", declare_tenant},
    Command{"department", "Make, show and delete departments", declare_department},
    Command{"user", "Make, show, suspend and delete users and service accounts", declare_user},
    Command{"role", "Show roles, and give them to users", declare_role},
    Command{"key", "Make, show, rotate and revoke keys of the API", declare_key},
    Command{"certificate", "Register, show and revoke certificates of clients", declare_certificate},
    Command{"quota", "Limit what is used, by tenant, department, user, key or model", declare_quota},
    Command{"retention", "Say how long responses, batches, files and logs are kept", declare_retention},
    Command{"usage", "Tell what was used, by whom, and what it would have cost elsewhere", declare_usage},
    Command{"price", "Keep the price lists of clouds", declare_price},
    Command{"session", "Show and end sessions of people", declare_session},
    Command{"admin", "Let an administrator in, on the machine itself", declare_admin},
    Command{"master-key", "Tell, change and recover how the master key is kept", declare_master_key},
    Command{"audit", "Verify and read the record of what happened", declare_audit},
    Command{"person", "Tell or erase what the box keeps of a person", declare_person},
    Command{"config", "Show the settings and where each comes from", declare_config},
    Command{"log", "Show the log, or what it says of one request", declare_log},
    Command{"doctor", "Check the machine, the settings and the box", declare_doctor},
    Command{"trust", "Make this machine trust the box's certificate", declare_trust},
    Command{"service", "Make the box a service that starts with the machine", declare_service},
    Command{"score", "Log-probabilities of a given continuation", declare_score},
    Command{"unpack", "", declare_unpack},
    Command{"convert", "", declare_convert},
    Command{"worker", "", declare_worker},
};

}  // namespace

std::span<const Command> commands() { return table; }

}  // namespace cofre::app
