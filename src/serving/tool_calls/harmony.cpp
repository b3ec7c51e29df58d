#include "serving/tool_calls/harmony.h"

#include <algorithm>

#include "serving/stop.h"
#include "serving/tool_calls/scan.h"

namespace cofre::serving::tool_calls {
namespace {

constexpr std::string_view message = "<|message|>", channel = "<|channel|>", function = "to=functions.";
/// A message ends with one of these.
constexpr std::string_view ends[] = {"<|end|>", "<|call|>", "<|return|>", "<|start|>"};

/// The word behind a mark in a head.
std::string_view word_after(std::string_view head, std::string_view mark) {
  const auto at = head.find(mark);
  if (at == head.npos) return {};
  const auto rest = head.substr(at + mark.size());
  return rest.substr(0, rest.find_first_of(" <\n\t"));
}

}  // namespace

void HarmonyReader::push(std::string_view text, std::size_t at, std::vector<Piece>& out) {
  held_.append(text, at);
  while (step(out)) {
  }
}

bool HarmonyReader::step(std::vector<Piece>& out) {
  const auto text = held_.view();
  if (in_head_) {
    const auto end = text.find(message);
    if (end == text.npos) return false;
    read_head(std::string(text.substr(0, end)), end + message.size(), out);
    in_head_ = false;
    return true;
  }
  std::size_t end = text.npos, mark = 0, hold = 0;
  for (const auto one : ends) {
    const auto found = text.find(one);
    if (found < end) {
      end = found;
      mark = one.size();
    }
    hold = std::max(hold, begun(text, one));
  }
  held_.take(end == text.npos ? text.size() - hold : end, kind_, out);
  if (end == text.npos) return false;
  held_.drop(mark);
  in_head_ = true;
  return true;
}

void HarmonyReader::read_head(std::string_view head, std::size_t bytes, std::vector<Piece>& out) {
  const auto name = word_after(head, function);
  if (tools_.has(name)) {
    out.push_back({Piece::Kind::call, std::string(name), held_.begin(), held_.begin() + bytes});
    kind_ = Piece::Kind::arguments;
  } else {
    kind_ = word_after(head, channel) == "analysis" ? Piece::Kind::reasoning : Piece::Kind::text;
  }
  held_.drop(bytes);
}

void HarmonyReader::finish(bool cut, std::vector<Piece>& out) {
  if (!in_head_) {
    held_.take(held_.view().size(), kind_, out);
    return;
  }
  // A head that never became a message is text only where it holds no mark.
  const auto text = held_.view();
  if (!cut && text.find("<|") == text.npos && text.find_first_not_of(white) != text.npos)
    held_.take(text.size(), Piece::Kind::text, out);
}

}  // namespace cofre::serving::tool_calls
