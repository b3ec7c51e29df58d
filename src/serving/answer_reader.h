#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::serving {

/// A part of an answer, and where in the model's own text it stood.
struct Piece {
  enum class Kind { text, reasoning, call, arguments };
  Kind kind = Kind::text;
  std::string text;  ///< of a call its name; of arguments the next of their JSON text
  std::size_t begin = 0, end = 0;
  std::string id{};  ///< of a call, where the model gave one
};

/// Reads a model's text while it is written and tells what it is. How the text is cut makes no difference to what the
/// pieces of a kind hold together.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  /// `text` begins at byte `at` of the whole; whole UTF-8.
  virtual void push(std::string_view text, std::size_t at, std::vector<Piece>& out) = 0;
  /// The end of the text. `cut`: the model was not done; a call that is not whole is then no text either.
  virtual void finish(bool cut, std::vector<Piece>& out) = 0;
  /// Whether what comes now is thought, not answer.
  virtual bool thinking() const { return false; }
};

/// All is text.
class PlainReader final : public AnswerReader {
 public:
  void push(std::string_view text, std::size_t at, std::vector<Piece>& out) override {
    if (!text.empty()) out.push_back({Piece::Kind::text, std::string(text), at, at + text.size()});
  }
  void finish(bool, std::vector<Piece>&) override {}
};

/// Text that a reader has not told yet, and where it stands.
class Held {
 public:
  void append(std::string_view text, std::size_t at) {
    if (text_.empty()) begin_ = at;
    text_ += text;
  }
  std::string_view view() const { return text_; }
  std::size_t begin() const { return begin_; }
  /// Takes the first bytes off; they become a piece, if there are any and they are wanted.
  void take(std::size_t bytes, Piece::Kind kind, std::vector<Piece>& out) {
    if (bytes > 0) out.push_back({kind, text_.substr(0, bytes), begin_, begin_ + bytes});
    drop(bytes);
  }
  void drop(std::size_t bytes) {
    text_.erase(0, bytes);
    begin_ += bytes;
  }

 private:
  std::string text_;
  std::size_t begin_ = 0;
};

}  // namespace cofre::serving
