#include "model/encoder.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/placement_fixture.h"
#include "model/tiny_encoder.h"

namespace cofre::model {
namespace {

using Ids = std::vector<std::int32_t>;
using Vector = std::vector<float>;
using Tensors = std::map<std::string, Vector>;

Ids some_ids(std::size_t count, unsigned seed) {
  Ids ids(count);
  for (std::size_t i = 0; i < count; ++i)
    ids[i] = static_cast<std::int32_t>((i * (37 + 2 * seed) + 11 * seed + 5) % 80);
  return ids;
}

/// A tiny encoder with everything around it.
struct Bench {
  Tensors tensors;
  std::vector<std::byte> bytes;
  gguf::File file;
  ModelSpec spec;
  os::Team team;
  Weights weights;
  Encoder encoder;

  explicit Bench(const TinyEncoder& shape = {}, unsigned threads = 1,
                 const kernels::Kernels& table = kernels::best_kernels(), unsigned nodes = 1)
      : bytes(tiny_encoder(shape, &tensors)),
        file(gguf::File::parse(bytes)),
        spec(read_spec(file)),
        team(placement_of(threads, nodes)),
        weights(file, spec, team),
        encoder(spec, weights, table, team, {.rows = 600, .texts = 8}) {}

  std::vector<Vector> run(const std::vector<Passage>& texts) {
    encoder.forward(texts);
    std::vector<Vector> out;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto result = encoder.result(i);
      out.emplace_back(result.begin(), result.end());
    }
    return out;
  }
  Vector run(const Ids& ids, std::size_t second = SIZE_MAX) { return run(std::vector<Passage>{{ids, second}})[0]; }
};

/// The mathematics in double precision, one formula each.
class Reference {
 public:
  using Row = std::vector<double>;
  Reference(const TinyEncoder& shape, const Tensors& tensors) : s_(shape), t_(tensors) {}

  /// Hidden states of a text. [rows, width]
  std::vector<Row> hidden(const Ids& ids, std::size_t second) const {
    std::vector<Row> x;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      Row row(s_.width);
      for (std::size_t d = 0; d < s_.width; ++d)
        row[d] = value("token_embd.weight", static_cast<std::size_t>(ids[i]) * s_.width + d) +
                 value("position_embd.weight", i * s_.width + d) +
                 value("token_types.weight", (i >= second ? s_.width : 0) + d);
      x.push_back(norm("token_embd_norm", row));
    }
    for (std::uint32_t l = 0; l < s_.layers; ++l) layer("blk." + std::to_string(l) + ".", x);
    return x;
  }
  Row linear(const std::string& name, const Row& x) const {
    const auto& w = t_.at(name + ".weight");
    Row y(w.size() / x.size());
    for (std::size_t o = 0; o < y.size(); ++o) {
      y[o] = value(name + ".bias", o);
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += static_cast<double>(w[o * x.size() + i]) * x[i];
    }
    return y;
  }

 private:
  double value(const std::string& name, std::size_t at) const { return t_.at(name).at(at); }
  Row norm(const std::string& name, const Row& x) const {
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
    double variance = 0;
    for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
    Row y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      y[i] = (x[i] - mean) / std::sqrt(variance + 1e-12) * value(name + ".weight", i) + value(name + ".bias", i);
    return y;
  }
  void layer(const std::string& p, std::vector<Row>& x) const {
    std::vector<Row> q, k, v;
    for (const auto& row : x) {
      q.push_back(linear(p + "attn_q", row));
      k.push_back(linear(p + "attn_k", row));
      v.push_back(linear(p + "attn_v", row));
    }
    const std::size_t head = s_.width / s_.heads;
    for (std::size_t r = 0; r < x.size(); ++r) {
      Row mixed(s_.width);
      for (std::size_t first = 0; first < s_.width; first += head) {
        Row weight(x.size());
        double sum = 0;
        for (std::size_t c = 0; c < x.size(); ++c) {
          for (std::size_t d = first; d < first + head; ++d) weight[c] += q[r][d] * k[c][d];
          sum += weight[c] = std::exp(weight[c] / std::sqrt(static_cast<double>(head)));
        }
        for (std::size_t c = 0; c < x.size(); ++c)
          for (std::size_t d = first; d < first + head; ++d) mixed[d] += weight[c] / sum * v[c][d];
      }
      auto y = linear(p + "attn_output", mixed);
      for (std::size_t d = 0; d < s_.width; ++d) y[d] += x[r][d];
      y = norm(p + "attn_output_norm", y);
      auto inner = linear(p + "ffn_up", y);
      for (auto& u : inner) u *= 0.5 * (1 + std::erf(u / std::sqrt(2.0)));
      auto z = linear(p + "ffn_down", inner);
      for (std::size_t d = 0; d < s_.width; ++d) z[d] += y[d];
      x[r] = norm(p + "layer_output_norm", z);
    }
  }

  const TinyEncoder& s_;
  const Tensors& t_;
};

double largest_difference(const Vector& ours, const std::vector<double>& theirs) {
  double most = ours.size() == theirs.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < ours.size() && i < theirs.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(ours[i]) - theirs[i]));
  return most;
}

std::vector<double> of_length_one(std::vector<double> x) {
  const double length = std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
  for (auto& v : x) v /= length;
  return x;
}

TEST(Encoder, ItsVectorsAreTheFormulas) {
  for (const auto* table : kernels::all_kernels())
    for (const std::uint32_t pooling : {1, 2, 3}) {
      const TinyEncoder shape{.width = 60, .heads = 5, .ffn = 100, .pooling = pooling};
      Bench b(shape, 1, *table);
      const auto ids = some_ids(70, 1);
      const auto hidden = Reference(shape, b.tensors).hidden(ids, SIZE_MAX);
      auto expected = pooling == 2 ? hidden.front() : hidden.back();
      if (pooling == 1)
        for (std::size_t r = 0; r + 1 < hidden.size(); ++r)
          for (std::size_t d = 0; d < shape.width; ++d) expected[d] += hidden[r][d];
      EXPECT_LT(largest_difference(b.run(ids), of_length_one(expected)), 1e-5)
          << table->name << ", pooling " << pooling;
    }
}

TEST(Encoder, ItsLabelsAreTheFormulasWithAHeadAndWithout) {
  for (const bool head : {false, true}) {
    const TinyEncoder shape{.pooling = 4, .labels = 3, .head = head};
    Bench b(shape);
    const auto ids = some_ids(40, 2);
    const Reference reference(shape, b.tensors);
    auto first = reference.hidden(ids, 15).front();
    if (head) {
      first = reference.linear("cls", first);
      for (auto& x : first) x = std::tanh(x);
    }
    EXPECT_LT(largest_difference(b.run(ids, 15), reference.linear("cls.output", first)), 1e-4) << head;
  }
}

TEST(Encoder, ATextIsTheSameBitsAloneAndAmongOthers) {
  for (const bool q8 : {false, true}) {
    Bench b({.q8 = q8});
    const auto short_one = some_ids(3, 1), long_one = some_ids(190, 2), third = some_ids(64, 3);
    const std::vector<Vector> alone{b.run(short_one), b.run(long_one), b.run(third)};
    EXPECT_EQ(b.run({{short_one}, {long_one}, {third}}), alone) << (q8 ? "Q8_0" : "F32");
    EXPECT_EQ(b.run({{long_one}, {third}, {short_one}})[2], alone[0]);
  }
}

TEST(Encoder, TheNumberOfThreadsAndOfMemoryNodesChangesNoBit) {
  for (const bool q8 : {false, true}) {
    Bench one({.q8 = q8}, 1), three({.q8 = q8}, 3), apart({.q8 = q8}, 3, kernels::best_kernels(), 3);
    const auto a = some_ids(100, 1), b = some_ids(30, 2);
    const auto vectors = one.run({{a}, {b}});
    EXPECT_EQ(vectors, three.run({{a}, {b}}));
    EXPECT_EQ(vectors, apart.run({{a}, {b}}));
  }
}

TEST(Encoder, EightBitWeightsStayClose) {
  Bench exact, eight({.q8 = true});
  const auto ids = some_ids(120, 4);
  const auto a = exact.run(ids), b = eight.run(ids);
  EXPECT_GT(std::inner_product(a.begin(), a.end(), b.begin(), 0.0f), 0.999f);
}

TEST(Encoder, ThePartsOfAPairAreToldApart) {
  Bench b({.pooling = 4, .labels = 1});
  const auto ids = some_ids(40, 2);
  EXPECT_NE(b.run(ids, 15), b.run(ids, 20));
  EXPECT_EQ(b.run(ids, 40), b.run(ids));
}

std::string field_at_fault(const TinyEncoder& shape, const std::function<void(gguf::Writer&)>& more = {}) {
  const auto bytes = tiny_encoder(shape, nullptr, more);
  const auto file = gguf::File::parse(bytes);
  try {
    read_spec(file);
  } catch (const Error& error) {
    return error.field().empty() ? error.what() : error.field();
  }
  return "none";
}

TEST(Bert, WhatItCannotBeIsNamed) {
  EXPECT_EQ(field_at_fault({}), "none");
  EXPECT_EQ(field_at_fault({.pooling = 0}), "bert.pooling_type");
  EXPECT_EQ(field_at_fault({.pooling = 5}), "bert.pooling_type");
  EXPECT_EQ(field_at_fault({.heads = 7}), "bert.attention.head_count");
  EXPECT_NE(field_at_fault({.pooling = 4}).find("cls.output.weight"), std::string::npos);
}

}  // namespace
}  // namespace cofre::model
