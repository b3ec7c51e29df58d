#include "records/chat_title.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "text/utf8.h"

namespace cofre::records {
namespace {

constexpr std::size_t read_bytes = 4096;  // of one line
constexpr std::string_view blank = " \t\r\n";

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
}
/// ASCII: between Chinese characters signs stand without spaces.
bool is_ascii_word(char c) { return is_letter_or_digit(c) && static_cast<signed char>(c) >= 0; }
bool is_blank(char c) { return blank.find(c) != blank.npos; }

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
}

bool is_fence(std::string_view line) { return line.starts_with("```") || line.starts_with("~~~"); }

/// The signs before what a line says: "> ", "## ", "- ", "[ ] ", and the #s behind a heading.
std::string_view without_block_signs(std::string_view line) {
  for (bool found = true; found;) {
    found = false;
    line = trimmed(line);
    const auto run = std::min(line.find_first_not_of('#'), line.size());
    const auto is_alone = [&](std::size_t length) { return line.size() == length || is_blank(line[length]); };
    if (run >= 1 && run <= 6 && is_alone(run)) {
      line = trimmed(line.substr(run));
      const auto end = line.find_last_not_of('#');
      if (end == line.npos) return {};
      if (end + 1 < line.size() && is_blank(line[end])) line = line.substr(0, end);
      return trimmed(line);
    }
    if (line.starts_with('>')) {
      line.remove_prefix(1);
      found = true;
    } else if (!line.empty() && std::string_view("-*+").find(line.front()) != std::string_view::npos && is_alone(1)) {
      line.remove_prefix(1);
      found = true;
    } else if (line.starts_with("[ ] ") || line.starts_with("[x] ") || line.starts_with("[X] ")) {
      line.remove_prefix(4);
    }
  }
  return trimmed(line);
}

/// Finds the signs within a line, and leaves what is between them.
class Inline {
 public:
  explicit Inline(std::string_view line) : line_(line), gone_(line.size()) {}

  std::string text() {
    for (std::size_t at = 0; at < line_.size();) at = behind(at);
    std::string left;
    for (std::size_t i = 0; i < line_.size(); ++i)
      if (!gone_[i]) left += line_[i];
    return left;
  }

 private:
  void remove(std::size_t at, std::size_t count) { std::fill_n(gone_.begin() + static_cast<long>(at), count, true); }
  std::size_t run_at(std::size_t at) const {
    const auto end = line_.find_first_not_of(line_[at], at);
    return (end == line_.npos ? line_.size() : end) - at;
  }

  /// Takes what begins here; where to go on.
  std::size_t behind(std::size_t at) {
    const char c = line_[at];
    if (c == '`') return behind_code(at);
    if (gone_[at]) return at + 1;
    if (c == '\\' && at + 1 < line_.size() &&
        std::string_view("\\`*_{}[]<>()#+-.!|~").find(line_[at + 1]) != std::string_view::npos) {
      remove(at, 1);
      return at + 2;
    }
    if (c == '*' || c == '_' || c == '~') return behind_emphasis(at);
    if (c == '[' || (c == '!' && line_.substr(at + 1).starts_with('['))) return behind_link(at);
    return at + 1;
  }
  /// What is code is left as it is.
  std::size_t behind_code(std::size_t at) {
    const auto run = run_at(at);
    for (auto end = line_.find('`', at + run); end != line_.npos; end = line_.find('`', end)) {
      const auto closing = run_at(end);
      if (closing == run) {
        remove(at, run);
        remove(end, run);
        return end + run;
      }
      end += closing;
    }
    return at + run;
  }
  /// Signs that surround: "2 * 3 * 4", "a*b*c" and "snake_case" have none.
  std::size_t behind_emphasis(std::size_t at) {
    const auto run = run_at(at);
    const auto end = at + run;
    const bool opens = run <= 3 && (line_[at] != '~' || run == 2) && end < line_.size() && !is_blank(line_[end]) &&
                       (at == 0 || !is_ascii_word(line_[at - 1]));
    if (!opens) return end;
    for (auto found = line_.find(line_[at], end); found != line_.npos; found = line_.find(line_[at], found)) {
      const auto closing = run_at(found);
      const auto behind = found + closing;
      if (closing == run && !gone_[found] && !is_blank(line_[found - 1]) &&
          (behind == line_.size() || !is_ascii_word(line_[behind]))) {
        remove(at, run);
        remove(found, run);
        return end;
      }
      found = behind;
    }
    return end;
  }
  /// [text](address) and ![text](address): the text.
  std::size_t behind_link(std::size_t at) {
    const auto inside = line_.find('[', at) + 1;
    const auto middle = line_.find("](", inside);
    if (middle == line_.npos) return inside;
    const auto end = line_.find(')', middle);
    if (end == line_.npos || line_.substr(inside, middle - inside).find('[') != line_.npos) return inside;
    remove(at, inside - at);
    remove(middle, end + 1 - middle);
    return inside;
  }

  std::string_view line_;
  std::vector<bool> gone_;
};

std::string cut(std::string_view title) {
  if (title.size() <= title_cut_bytes) return std::string(title);
  auto end = text::whole_utf8_prefix(title.substr(0, title_cut_bytes));
  if (const auto space = title.rfind(' ', end); space != title.npos && space > end / 2) end = space;
  return std::string(title.substr(0, end)) + "…";
}

}  // namespace

std::string title_of(std::string_view text) {
  text = trimmed(text);
  const auto whole = text.substr(0, text.find_first_of("\r\n"));
  while (!text.empty()) {
    const auto line = trimmed(text.substr(0, text.find_first_of("\r\n")));
    text.remove_prefix(std::min(text.size(), text.find_first_of("\r\n")));
    text = trimmed(text);
    if (is_fence(line)) continue;
    const auto read = line.substr(0, text::whole_utf8_prefix(line.substr(0, read_bytes)));
    const auto plain = Inline(without_block_signs(read)).text();
    if (std::any_of(plain.begin(), plain.end(), is_letter_or_digit)) return cut(trimmed(plain));
  }
  return cut(trimmed(whole));
}

}  // namespace cofre::records
