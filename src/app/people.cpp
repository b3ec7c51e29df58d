#include "app/manage.h"

// The commands about who uses the box: their words, options and tables.
namespace cofre::app {
namespace {

using Kind = Switch::Kind;

constexpr Switch in_tenant{"--tenant", "tenant", "of this tenant; without: home"};

constexpr Verb tenant_verbs[] = {
    {"create", "tenant.create", "name"},     {"list", "tenant.list", ""},
    {"show", "tenant.show", "tenant"},       {"change", "tenant.change", "tenant"},
    {"suspend", "tenant.suspend", "tenant"}, {"restore", "tenant.restore", "tenant"},
    {"delete", "tenant.delete", "tenant"},
};
constexpr Switch tenant_switches[] = {
    {"--zone", "zone", "the time zone that says when a day ends: Asia/Shanghai"},
    {"--currency", "currency", "of its costs: CNY"},
};
constexpr Column tenant_columns[] = {{"NAME", "name", 24},
                                     {"ZONE", "zone", 20},
                                     {"CURRENCY", "currency", 8},
                                     {"STATE", "state", 10},
                                     {"CREATED (UTC)", "created", 16}};
constexpr Noun tenant{"of the tenant", tenant_verbs, tenant_switches, "tenants", tenant_columns};

constexpr Verb department_verbs[] = {
    {"create", "department.create", "name"},
    {"list", "department.list", ""},
    {"delete", "department.delete", "department"},
};
constexpr Switch department_switches[] = {in_tenant};
constexpr Column department_columns[] = {{"NAME", "name", 24}, {"CREATED (UTC)", "created", 16}};
constexpr Noun department{"of the department", department_verbs, department_switches, "departments",
                          department_columns};

constexpr Verb user_verbs[] = {
    {"create", "user.create", "name"},   {"list", "user.list", ""},
    {"show", "user.show", "user"},       {"change", "user.change", "user"},
    {"suspend", "user.suspend", "user"}, {"restore", "user.restore", "user"},
    {"delete", "user.delete", "user"},   {"invite", "user.link", "user"},
    {"unlock", "user.unlock", "user"},   {"remove-factors", "user.factors.remove", "user"},
    {"link", "user.link", "user"},       {"import", "user.import", "csv", true, true},
};
constexpr Switch user_switches[] = {
    in_tenant,
    {"--department", "department", "to which the user belongs"},
    {"--label", "label", "the name for people to read"},
    {"--kind", "kind", "user or service: a person, or a program"},
    {"--role", "roles", "user (the default), operator, system_administrator, security_administrator, auditor",
     Kind::list},
    {"--scope", "scopes", "of a service account: inference (the default), metrics, …", Kind::list},
    {"--after", "after", "list: those behind this name"},
    {"--limit", "limit", "list: so many at most", Kind::number},
    {"--dry-run", "dry_run", "import: check the table and make nobody", Kind::flag},
};
constexpr Column user_columns[] = {
    {"NAME", "name", 20},   {"LABEL", "label", 20},       {"DEPARTMENT", "department", 16},
    {"STATE", "state", 10}, {"ROLES", "roles", 24},       {"SCOPES", "scopes", 24},
    {"LINK", "link", 72},   {"ENDS (UTC)", "expires", 16}};
constexpr Noun user{
    "of the user or service account; import: a CSV file with the columns name, label, tenant, department, roles",
    user_verbs, user_switches, "users", user_columns};

constexpr Verb role_verbs[] = {{"list", "role.list", ""}, {"set", "role.set", "user"}};
constexpr Switch role_switches[] = {
    in_tenant, {"--role", "roles", "the roles that the user has from now on; \"\": none", Kind::list}};
constexpr Column role_columns[] = {{"ROLE", "name", 24}, {"MAY", "scopes", 60}};
constexpr Noun role{"of the user", role_verbs, role_switches, "roles", role_columns};

constexpr Verb key_verbs[] = {
    {"create", "key.create", "name"}, {"list", "key.list", ""},        {"show", "key.show", "key"},
    {"rotate", "key.rotate", "key"},  {"revoke", "key.revoke", "key"}, {"revoke-leaked", "key.revoke_leaked", "prefix"},
};
constexpr Switch key_switches[] = {
    in_tenant,
    {"--user", "user", "whose key; without: of a service account of the key's name"},
    {"--scope", "scopes",
     "what it may do: inference (the default), account, metrics, admin, directory, people, "
     "security, usage, audit",
     Kind::list},
    {"--model", "models", "that it may ask; without: all", Kind::list},
    {"--address", "addresses", "networks that it is used from, like 10.0.0.0/8; without: all", Kind::list},
    {"--days", "expires", "it ends after so many days", Kind::days},
    {"--signing", "signing", "requests may be signed with it: it is kept, sealed, to check that", Kind::flag},
    {"--rate", "requests_per_minute", "at most so many requests a minute", Kind::number},
    {"--overlap", "overlap_s", "rotate: hours that the old key still works (24)", Kind::hours},
};
constexpr Column key_columns[] = {{"NAME", "name", 20},          {"BEGINS", "prefix", 12},
                                  {"SIGNS AS", "access_id", 32}, {"USER", "user", 16},
                                  {"SCOPES", "scopes", 20},      {"CREATED (UTC)", "created", 16},
                                  {"ENDS", "expires", 16},       {"USED", "last_used", 16},
                                  {"REPLACED", "replaced", 16},  {"REVOKED", "revoked", 16}};
constexpr Noun key{"of the key; revoke-leaked: how it begins", key_verbs, key_switches, "keys", key_columns};

constexpr Verb certificate_verbs[] = {
    {"add", "certificate.create", "pem", true, true},
    {"list", "certificate.list", ""},
    {"revoke", "certificate.revoke", "certificate"},
};
constexpr Switch certificate_switches[] = {
    in_tenant,
    {"--user", "user", "whose certificate: a user or service account"},
    {"--name", "name", "add: what it is called here"},
    {"--scope", "scopes", "add: what it may do: inference (the default), account, admin, …", Kind::list},
    {"--model", "models", "add: that it may ask; without: all", Kind::list},
    {"--address", "addresses", "add: networks that it is used from; without: all", Kind::list},
    {"--days", "expires", "add: it ends after so many days; in any case with the certificate", Kind::days},
};
constexpr Column certificate_columns[] = {{"ID", "id", 6},
                                          {"NAME", "name", 20},
                                          {"USER", "user", 16},
                                          {"SUBJECT", "subject", 20},
                                          {"SCOPES", "scopes", 20},
                                          {"FINGERPRINT", "fingerprint", 64},
                                          {"USED (UTC)", "last_used", 16},
                                          {"ENDS", "expires", 16},
                                          {"REVOKED", "revoked", 16}};
constexpr Noun certificate{"add: its file (PEM); revoke: its name or id", certificate_verbs, certificate_switches,
                           "certificates", certificate_columns};

constexpr Verb quota_verbs[] = {
    {"set", "quota.set", ""}, {"list", "quota.list", ""}, {"remove", "quota.remove", "quota"}};
constexpr Switch quota_switches[] = {
    {"--tenant", "tenant", "of this tenant together, or where its department or user is"},
    {"--department", "department", "of this department together"},
    {"--user", "user", "of this user or service account"},
    {"--key", "key", "of this key"},
    {"--model", "model", "counting this model alone"},
    {"--metric", "metric", "tokens, requests, concurrency, money or storage"},
    {"--period", "period", "minute, day or month"},
    {"--amount", "amount", "at most so many", Kind::number},
    {"--mib", "amount", "of storage: at most so many MiB", Kind::mib},
    {"--money", "money", "at most so much a day or month, in the tenant's currency: 250.00"},
};
constexpr Column quota_columns[] = {{"ID", "id", 4},          {"LEVEL", "level", 10},    {"OF", "subject", 20},
                                    {"MODEL", "model", 16},   {"METRIC", "metric", 11},  {"PERIOD", "period", 6},
                                    {"AMOUNT", "amount", 12}, {"USED", "used", 12},      {"SET ASIDE", "reserved", 10},
                                    {"", "currency", 4},      {"ENDS (UTC)", "ends", 16}};
constexpr Noun quota{"remove: the id of the quota", quota_verbs, quota_switches, "quotas", quota_columns};

constexpr Verb retention_verbs[] = {
    {"set", "retention.set", "kind"}, {"list", "retention.list", ""}, {"remove", "retention.remove", "rule"}};
constexpr Switch retention_switches[] = {
    {"--days", "days", "so many days are kept", Kind::number},
    {"--tenant", "tenant", "what belongs to this tenant, or where its department or user is"},
    {"--department", "department", "what belongs to this department"},
    {"--user", "user", "what belongs to this user or service account"},
};
constexpr Column retention_columns[] = {
    {"ID", "id", 4}, {"KIND", "kind", 10}, {"DAYS", "days", 6}, {"LEVEL", "level", 10}, {"OF", "subject", 20}};
constexpr Noun retention{"set: chats, responses, batches, files, logs or contents; remove: the id of the rule",
                         retention_verbs, retention_switches, "rules", retention_columns};

constexpr Verb usage_verbs[] = {{"show", "usage.show", ""}};
constexpr Switch usage_switches[] = {
    {"--by", "by", "day, month, tenant, department, user, key, model; several make finer rows", Kind::list},
    {"--from", "from", "the first day: 2026-11-01"},
    {"--to", "to", "the last day"},
    {"--tenant", "tenant", "of this tenant"},
    {"--department", "department", "of this department"},
    {"--user", "user", "of this user or service account"},
    {"--key", "key", "of this key"},
    {"--model", "model", "of this model"},
    {"--as", "as", "what it would have cost with this model of a cloud (cofre price list)"},
    {"--format", "format", "json or csv"},
};
constexpr Column usage_columns[] = {{"MONTH", "month", 8},
                                    {"DAY", "day", 10},
                                    {"TENANT", "tenant", 12},
                                    {"DEPARTMENT", "department", 16},
                                    {"USER", "user", 16},
                                    {"KEY", "key", 16},
                                    {"MODEL", "model", 20},
                                    {"REQUESTS", "requests", 10},
                                    {"PROMPT", "prompt_tokens", 12},
                                    {"CACHED", "cached_tokens", 12},
                                    {"ANSWER", "completion_tokens", 12},
                                    {"SPENT", "spent_micro", 12},
                                    {"", "spent_currency", 4},
                                    {"COST", "cost", 12},
                                    {"", "currency", 4}};
constexpr Noun usage{"none", usage_verbs, usage_switches, "usage", usage_columns};

constexpr Verb price_verbs[] = {
    {"list", "price.list", ""}, {"set", "price.set", "model"}, {"remove", "price.remove", "model"}};
constexpr Switch price_switches[] = {
    {"--since", "since", "the day from which on it holds: 2026-11-01"},
    {"--currency", "currency", "CNY where not given"},
    {"--input", "input", "of a million prompt tokens"},
    {"--output", "output", "of a million answer tokens"},
    {"--cached", "cached", "of a million prompt tokens that were cached"},
    {"--input-peak", "input_peak", "at peak hours"},
    {"--output-peak", "output_peak", "at peak hours"},
    {"--cached-peak", "cached_peak", "at peak hours"},
    {"--note", "note", "where the price was found"},
};
constexpr Column price_columns[] = {{"MODEL", "model", 20},    {"SINCE", "since", 10},     {"", "currency", 4},
                                    {"INPUT", "input", 8},     {"OUTPUT", "output", 8},    {"CACHED", "cached", 8},
                                    {"PEAK", "input_peak", 6}, {"PEAK", "output_peak", 6}, {"NOTE", "note", 40}};
constexpr Noun price{"of the cloud's model", price_verbs, price_switches, "prices", price_columns};

constexpr Verb session_verbs[] = {
    {"list", "session.list", ""}, {"end", "session.end", "session"}, {"end-all", "session.end_all", "user"}};
constexpr Switch session_switches[] = {in_tenant, {"--user", "user", "list: of this user"}};
constexpr Column session_columns[] = {
    {"ID", "id", 6}, {"USER", "user", 20}, {"FROM", "from", 24}, {"SINCE (UTC)", "created", 16}, {"USED", "seen", 16}};
constexpr Noun session{"end: the id of the session; end-all: the user", session_verbs, session_switches, "sessions",
                       session_columns};

constexpr Verb admin_verbs[] = {{"reset", "admin.reset", "name", false}, {"first", "admin.first", ""}};
constexpr Switch admin_switches[] = {
    {"--role", "roles", "the roles that the administrator has from now on", Kind::list}};
constexpr Noun admin{
    "reset: of the administrator (admin); made where there is none", admin_verbs, admin_switches, "", {}};

}  // namespace

Action declare_tenant(Options& options) { return declare_noun(options, tenant); }
Action declare_department(Options& options) { return declare_noun(options, department); }
Action declare_user(Options& options) { return declare_noun(options, user); }
Action declare_role(Options& options) { return declare_noun(options, role); }
Action declare_key(Options& options) { return declare_noun(options, key); }
Action declare_certificate(Options& options) { return declare_noun(options, certificate); }
Action declare_quota(Options& options) { return declare_noun(options, quota); }
Action declare_retention(Options& options) { return declare_noun(options, retention); }
Action declare_usage(Options& options) { return declare_noun(options, usage); }
Action declare_price(Options& options) { return declare_noun(options, price); }
Action declare_session(Options& options) { return declare_noun(options, session); }
Action declare_admin(Options& options) { return declare_noun(options, admin); }

}  // namespace cofre::app
