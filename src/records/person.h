#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/audit/trail.h"
#include "json/json.h"
#include "records/records.h"

/// What the whole box keeps of one person: their account with everything that hangs on it, their records with content,
/// and what the audit trail says of them.
namespace cofre::records {

/// Where all of it is.
struct Box {
  accounts::Accounts& accounts;
  accounts::audit::Trail& trail;
  Records& records;
};

/// How far an export has got; from the beginning where it is new.
struct ExportCursor {
  std::uint64_t section = 0, owner = 0;
  std::int64_t after = 0;     ///< the number of a row that is told
  std::uint64_t byte = 0;     ///< of what follows it
  std::uint64_t segment = 0;  ///< of the trail
};
json::Object to_json(const ExportCursor& cursor);
ExportCursor export_cursor_from_json(const json::Object& object);

/// Some bytes of a file of the export; further pieces of the same path follow it.
struct ExportPiece {
  std::string path;  ///< "person.json", "files/file-1_notes.txt": without "..", relative
  std::string bytes;
  std::optional<std::uint64_t> whole{};  ///< of a content: the bytes of all its pieces; nothing: lines
  bool begins = true;                    ///< of a content: its first piece
};
struct ExportPage {
  std::vector<ExportPiece> pieces;
  std::optional<ExportCursor> next;  ///< nothing: that was all
};

/// A page of everything that there is of whom `name` names, as the audit trail does (NAME, or TENANT/NAME). Never a
/// password, a key or a secret, nor what only says that they are there. Throws Error(not_found, name).
///
///   person.json      the account and what hangs on it: keys, sessions, second factors
///   usage.jsonl      what was used, by day
///   files.jsonl      and their contents, files/…
///   batches.jsonl, responses.jsonl, chats.jsonl, messages.jsonl (of chats), assistants.jsonl
///   audit.jsonl      what they did, and what was done to them
ExportPage export_page(const Box& box, const std::string& name, const ExportCursor& cursor);

/// Destroys all of it: what runs ends, rows and contents are removed, of the account a number stays, and the key under
/// which the trail's records of this person can be read is gone. Returns a certificate signed with the trail's key,
/// which the trail has too. `by`: who asked. Begun again after a crash it goes on. Throws Error(not_found, name),
/// Error(invalid, name) where a legal hold is on the person.
json::Object erase_person(const Box& box, const std::string& name, const std::string& by);

/// What a certificate's signature is of.
std::string erasure_text(const json::Object& certificate);

}  // namespace cofre::records
