#include "huggingface/families.h"

#include <algorithm>

#include "base/error.h"

namespace cofre::huggingface {
namespace {

const std::vector<NameRow> decoder_names = {
    {"embed_tokens", "token_embd"}, {"norm", "output_norm"}, {"lm_head", "output"}};

std::vector<NameRow> with(std::vector<NameRow> rows, const std::vector<NameRow>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

const std::vector<NameRow> attention = {{"self_attn.q_proj", "attn_q"},
                                        {"self_attn.k_proj", "attn_k"},
                                        {"self_attn.v_proj", "attn_v"},
                                        {"self_attn.o_proj", "attn_output"},
                                        {"self_attn.rotary_emb", "", Change::drop}};
const std::vector<NameRow> gated = {
    {"mlp.gate_proj", "ffn_gate"}, {"mlp.up_proj", "ffn_up"}, {"mlp.down_proj", "ffn_down"}};
const std::vector<NameRow> gate_in_up = {{"mlp.gate_up_proj", "ffn_up"}, {"mlp.down_proj", "ffn_down"}};
const std::vector<NameRow> two_norms = {{"input_layernorm", "attn_norm"}, {"post_attention_layernorm", "ffn_norm"}};

const std::vector<NameRow> llama = with(with({{"self_attn.q_proj", "attn_q", Change::interleave_queries},
                                              {"self_attn.k_proj", "attn_k", Change::interleave_keys}},
                                             attention),
                                        with(gated, two_norms));
const std::vector<NameRow> qwen =
    with(with({{"self_attn.q_norm", "attn_q_norm"}, {"self_attn.k_norm", "attn_k_norm"}}, attention),
         with(gated, two_norms));
const std::vector<NameRow> gemma3 = with(with({{"self_attn.q_norm", "attn_q_norm", Change::add_one},
                                               {"self_attn.k_norm", "attn_k_norm", Change::add_one},
                                               {"input_layernorm", "attn_norm", Change::add_one},
                                               {"post_attention_layernorm", "post_attention_norm", Change::add_one},
                                               {"pre_feedforward_layernorm", "ffn_norm", Change::add_one},
                                               {"post_feedforward_layernorm", "post_ffw_norm", Change::add_one}},
                                              attention),
                                         gated);
const std::vector<NameRow> glm4 = with(
    with({{"post_self_attn_layernorm", "post_attention_norm"}, {"post_mlp_layernorm", "post_ffw_norm"}}, attention),
    with(gate_in_up, two_norms));
const std::vector<NameRow> phi3 =
    with(with({{"self_attn.qkv_proj", "attn_qkv"}}, attention), with(gate_in_up, two_norms));
const std::vector<NameRow> encoder = {{"attention.self.query", "attn_q"},
                                      {"attention.self.key", "attn_k"},
                                      {"attention.self.value", "attn_v"},
                                      {"attention.output.dense", "attn_output"},
                                      {"attention.output.LayerNorm", "attn_output_norm"},
                                      {"intermediate.dense", "ffn_up"},
                                      {"output.dense", "ffn_down"},
                                      {"output.LayerNorm", "layer_output_norm"}};

std::vector<NameRow> encoder_names(Change positions, std::vector<NameRow> head) {
  return with(std::move(head), {{"embeddings.word_embeddings", "token_embd"},
                                {"embeddings.position_embeddings", "position_embd", positions},
                                {"embeddings.token_type_embeddings", "token_types"},
                                {"embeddings.LayerNorm", "token_embd_norm"},
                                {"embeddings.position_ids", "", Change::drop},
                                {"embeddings.token_type_ids", "", Change::drop},
                                {"cls.predictions", "", Change::drop},  // what guesses masked words
                                {"cls.seq_relationship", "", Change::drop},
                                {"lm_head", "", Change::drop}});
}

const std::vector<NameRow> no_head = {{"pooler.dense", "", Change::drop}};
const std::vector<std::string_view> inside_model = {"model."};

}  // namespace

const Family& family_of(const Config& config) {
  static const std::vector<Family> families = {
      {"llama", {"LlamaForCausalLM", "MistralForCausalLM"}, inside_model, "layers.", llama, decoder_names, write_llama},
      {"qwen2", {"Qwen2ForCausalLM"}, inside_model, "layers.", qwen, decoder_names, write_qwen2},
      {"qwen3", {"Qwen3ForCausalLM"}, inside_model, "layers.", qwen, decoder_names, write_qwen3},
      {"gemma3",
       {"Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"},
       {"language_model.model.", "model.language_model.", "language_model.", "model."},
       "layers.",
       gemma3,
       {{"embed_tokens", "token_embd"},
        {"norm", "output_norm", Change::add_one},
        {"lm_head", "output"},
        {"vision_tower", "", Change::drop},
        {"multi_modal_projector", "", Change::drop}},
       write_gemma3},
      {"glm4", {"Glm4ForCausalLM"}, inside_model, "layers.", glm4, decoder_names, write_glm4},
      {"phi3", {"Phi3ForCausalLM"}, inside_model, "layers.", phi3, decoder_names, write_phi3},
      {"bert",
       {"BertModel", "BertForMaskedLM"},
       {"bert."},
       "encoder.layer.",
       encoder,
       encoder_names(Change::none, no_head),
       write_bert},
      {"bert",
       {"XLMRobertaModel", "XLMRobertaForMaskedLM", "XLMRobertaForSequenceClassification"},
       {"roberta."},
       "encoder.layer.",
       encoder,
       encoder_names(
           Change::skip_first_rows,
           {{"classifier.dense", "cls"}, {"classifier.out_proj", "cls.output"}, {"pooler.dense", "", Change::drop}}),
       write_xlm_roberta},
      {"bert",
       {"BertForSequenceClassification"},
       {"bert."},
       "encoder.layer.",
       encoder,
       encoder_names(Change::none, {{"pooler.dense", "cls"}, {"classifier", "cls.output"}}),
       write_bert},
  };
  const auto name = config.model_class();
  for (const auto& family : families)
    if (std::find(family.classes.begin(), family.classes.end(), name) != family.classes.end()) return family;
  std::string known;
  for (const auto& family : families)
    for (const auto one : family.classes) known += (known.empty() ? "" : ", ") + std::string(one);
  fail_field(Code::unsupported, "architectures",
             "config.json: architectures: models of class {} cannot be imported; those that can: {}", name, known);
}

}  // namespace cofre::huggingface
