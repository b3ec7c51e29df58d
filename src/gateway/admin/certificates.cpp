#include <utility>

#include "base/error.h"
#include "crypto/certificates.h"
#include "gateway/admin/home.h"
#include "gateway/admin/settings.h"
#include "gateway/dialects/openai/form.h"
#include "http/company_certificate.h"
#include "os/disk.h"

namespace cofre::gateway::admin {
namespace {

using openai::Form;

constexpr std::uint64_t pem_bytes_max = 1 << 20;
constexpr std::size_t names_max = 100;

std::filesystem::path folder_of(const Services& services) { return services.settings.data / "tls"; }

json::Object facts_of(const std::string& pem) {
  const auto facts = crypto::read_certificate(pem);
  json::Array names;
  for (const auto& name : facts.names) names.emplace_back(name);
  const auto seconds = [](auto time) { return static_cast<std::int64_t>(time.time_since_epoch().count()); };
  return {{"subject", facts.subject},
          {"issuer", facts.issuer},
          {"names", std::move(names)},
          {"not_before", seconds(facts.not_before)},
          {"not_after", seconds(facts.not_after)},
          {"fingerprint", facts.fingerprint}};
}

json::Object facts_in(const std::filesystem::path& path) { return facts_of(os::read_whole(path, pem_bytes_max)); }

/// The company's that the settings name by its file: then the one that is installed here is not served.
std::string configured_file(const Services& services) {
  return services.settings.door.loaded ? services.settings.door.loaded().config.certificate_file : std::string();
}

json::Object certificates(const Services& services) {
  const auto folder = folder_of(services);
  const auto configured = configured_file(services);
  json::Object out{{"own", facts_in(folder / "server.pem")},
                   {"authority", facts_in(folder / "ca.pem")},
                   {"company", nullptr},
                   {"company_file", configured.empty() ? json::Value() : json::Value(configured)},
                   {"requested", std::filesystem::exists(folder / "request.pem")}};
  if (!configured.empty()) {
    out["company"] = facts_in(configured);
  } else if (const auto company = http::installed_certificate(folder)) {
    out["company"] = facts_of(company->certificate_pem);
  }
  return out;
}

std::vector<std::string> names_of(Services& services, const Call& call) {
  const auto body = json::parse(call.request.body.empty() ? "{}" : call.request.body);
  Form form(body);
  std::vector<std::string> names;
  const auto* list = form.list("names", names_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (!(*list)[i].is_string()) form.refuse("names", "must hold names and addresses");
    names.emplace_back((*list)[i].get_string());
  }
  form.finish();
  // As the box's own is made for.
  if (names.empty())
    names = crypto::read_certificate(os::read_whole(folder_of(services) / "server.pem", pem_bytes_max)).names;
  return names;
}

/// New connections are served with what is there now.
void take_up(Services& services, const Call& call) {
  if (services.settings.reload) services.settings.reload(person(services, call), call.request.peer);
}

}  // namespace

void show_certificates(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call&) { return certificates(with); });
}

void get_authority(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call&) {
    http::Response response;
    response.headers.add("Content-Type", "application/x-pem-file");
    response.headers.add("Content-Disposition", "attachment; filename=\"cofre-ca.pem\"");
    response.body = os::read_whole(folder_of(with) / "ca.pem", pem_bytes_max);
    return response;
  });
}

void request_certificate(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    const auto names = names_of(with, at);
    return recorded(with, at, "certificate.request", {}, [&] {
      const auto path = http::request_certificate(folder_of(with), names);
      return json::Object{{"request", os::read_whole(path, pem_bytes_max)}};
    });
  });
}

void install_certificate(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    const auto body = json::parse(at.request.body);
    Form form(body);
    const auto pem = form.required_text("certificate", pem_bytes_max);
    form.finish();
    if (!configured_file(with).empty())
      fail_field(Code::invalid, "server.certificate_file",
                 "server.certificate_file names a certificate already: take it out of the settings first");
    return recorded(with, at, "certificate.install", {}, [&] {
      http::install_certificate(folder_of(with), pem,
                                std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
      take_up(with, at);
      return certificates(with);
    });
  });
}

void remove_certificate(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    return recorded(with, at, "certificate.remove", {}, [&] {
      if (!http::remove_certificate(folder_of(with)))
        fail_field(Code::not_found, "certificate", "no company certificate is installed");
      take_up(with, at);
      return certificates(with);
    });
  });
}

}  // namespace cofre::gateway::admin
