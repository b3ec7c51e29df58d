#include "template/template.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace cofre::chat_template {
namespace {

using namespace std::chrono_literals;

constexpr auto now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h + 30min;

std::string render(std::string_view source, std::string_view context = "{}", const Limits& limits = {}) {
  return Template::parse(source, limits).render(json::parse(context).get_object(), now);
}

std::string refusal(std::string_view source, std::string_view context = "{}", const Limits& limits = {}) {
  try {
    return "rendered: " + render(source, context, limits);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Template, BlocksTakeTheirLineWithThem) {
  EXPECT_EQ(render("{% if true %}\n  a\n{% endif %}\nb\n"), "  a\nb");
  EXPECT_EQ(render("a\n  {% set x = 1 %}\n{{ x }}"), "a\n1");
  EXPECT_EQ(render("a  {%- if true -%}  b  {%- endif %} c"), "ab c");
  EXPECT_EQ(render("{# gone #}\nx{{- ' y ' -}}   z"), "x y z");
  EXPECT_EQ(render("{% raw %}{{ x }}{% endraw %}"), "{{ x }}");
}

TEST(Template, ExpressionsFollowPython) {
  EXPECT_EQ(render("{{ 1 + 2 * 3 ** 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }}"), "19 3 -4 2 3.5");
  EXPECT_EQ(render("{{ 'a' ~ 1 ~ none }} {{ 'ab' * 2 }} {{ [1] + [2] }}"), "a1None abab [1, 2]");
  EXPECT_EQ(render("{{ 1 < 2 < 3 }} {{ 'a' in 'cat' }} {{ 3 not in [1, 2] }} {{ not 1 == 2 }}"), "True True True True");
  EXPECT_EQ(render("{{ 'x' if false }}|{{ 'x' if 0 else 'y' }}|{{ none or 'z' }}|{{ 0 and 1 }}"), "|y|z|0");
  EXPECT_EQ(render("{{ 'olá'[1] }} {{ 'olá'[::-1] }} {{ [1,2,3][-1] }} {{ [1,2,3,4][1:3] }} {{ (1,) }}"),
            "l álo 3 [2, 3] (1,)");
  EXPECT_EQ(render("{{ {'a': 'it\\'s', 'b': 1.0} }}"), "{'a': \"it's\", 'b': 1.0}");
  EXPECT_EQ(render("{{ '%s has %05.2f%%' % ('x', 3.14159) }}"), "x has 03.14%");
}

TEST(Template, LoopsScopesAndMacrosWork) {
  EXPECT_EQ(render("{% for x in [1,2,3] if x != 2 %}{{ loop.index }}{{ x }}{{ ',' if not loop.last }}{% else %}none{% "
                   "endfor %}"),
            "11,23");
  EXPECT_EQ(render("{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}"), "a=1");
  EXPECT_EQ(render("{% for x in range(9) %}{% if x == 1 %}{% continue %}{% endif %}{% if x > 2 %}{% break %}{% endif "
                   "%}{{ x }}{% endfor %}"),
            "02");
  EXPECT_EQ(render("{% set n = namespace(v=0) %}{% set v = 0 %}{% for x in [1,2] %}{% set n.v = n.v + x %}{% set v = 9 "
                   "%}{% endfor %}{{ n.v }}{{ v }}"),
            "30");
  EXPECT_EQ(render("{% macro m(a, b='?') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(b=2, a=3) }}"), "<1?><32>");
  EXPECT_EQ(render("{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}in{% endcall %}"), "[in]");
  EXPECT_EQ(render("{% for x in [1, [2, [3]]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% "
                   "endif %}{% endfor %}"),
            "1(2(3))");
  EXPECT_EQ(
      render("{% filter upper %}olá{% endfilter %}{% set x %}b{% endset %}{{ x }}{% generation %}c{% endgeneration %}"),
      "OLÁbc");
  EXPECT_EQ(render("{% for x in [1,1,2] %}{{ loop.changed(x) }}{% endfor %}"), "TrueFalseTrue");
}

TEST(Template, FiltersTestsAndMethodsFollowJinja) {
  EXPECT_EQ(render("{{ {'a': [1, 'ç\"', none, true, 21.5]} | tojson }}"), R"({"a": [1, "ç\"", null, true, 21.5]})");
  EXPECT_EQ(render("{{ {'a': [1]} | tojson(indent=2) }}"), "{\n  \"a\": [\n    1\n  ]\n}");
  EXPECT_EQ(
      render("{{ ' a b ' | trim }}|{{ 'a,b'.split(',') | join('+') }}|{{ '  x y'.split() }}|{{ 'xxay'.lstrip('x') }}"),
      "a b|a+b|['x', 'y']|ay");
  EXPECT_EQ(render("{{ [{'r': 'u'}, {'r': 's'}] | selectattr('r', 'equalto', 's') | list | length }}"), "1");
  EXPECT_EQ(
      render("{{ [3,1,2] | sort | first }} {{ ['b','A'] | sort }} {{ [1,2,2] | unique | list }} {{ [1,2] | sum }}"),
      "1 ['A', 'b'] [1, 2] 3");
  EXPECT_EQ(render("{{ ['a','b'] | map('upper') | list }} {{ [{'n': {'m': 1}}] | map(attribute='n.m') | list }}"),
            "['A', 'B'] [1]");
  EXPECT_EQ(render("{{ x | default('d') }} {{ '' | default('e', true) }} {{ 'a\nb' | indent(2) }} {{ '3x' | int(7) }}"),
            "d e a\n  b 7");
  EXPECT_EQ(
      render("{{ x is defined }} {{ none is none }} {{ 's' is string }} {{ {} is mapping }} {{ 4 is divisibleby 2 }}"),
      "False True True True True");
  EXPECT_EQ(render("{% set l = [1] %}{% do l.append(2) %}{{ l.pop(0) }}{{ l }}"), "1[2]");
  EXPECT_EQ(
      render("{{ {'items': 1}.items() }} {{ {'a': 1}.get('b', 2) }} {{ 'ÇA'.lower() }} {{ 'o brother'.title() }}"),
      "[('items', 1)] 2 ça O Brother");
  EXPECT_EQ(render("{{ strftime_now('%d %b %Y %H:%M') }}"), "23 Nov 2026 10:30");
}

TEST(Template, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_EQ(refusal("\n{{ x.y.z }}"), "template, line 2: 'x' is undefined");
  EXPECT_EQ(refusal("{{ raise_exception('No tools') }}"), "the template refuses: No tools");
  EXPECT_EQ(refusal("{{ 1 | nonsense }}"), "template, line 1: No filter named 'nonsense'.");
  EXPECT_EQ(refusal("{{ 1 is nonsense }}"), "template, line 1: No test named 'nonsense'.");
  EXPECT_EQ(refusal("{{ 1 / 0 }}"), "template, line 1: division by zero");
  for (const char* bad : {"{% if %}", "{{ 1", "{% endif %}", "{% for x %}", "{{ 'a }}", "{% nope %}", "{{ (1 }}", "{%",
                          "{#", "{{ 1 2 }}", "{% macro %}"})
    EXPECT_NE(refusal(bad).find("line 1"), std::string::npos) << bad << ": " << refusal(bad);
}

TEST(Template, StepsDepthAndOutputAreBounded) {
  EXPECT_NE(refusal("{% for a in range(2000) %}{% for b in range(2000) %}{% endfor %}{% endfor %}").find("steps"),
            std::string::npos);
  EXPECT_NE(refusal("{% for a in range(9223372036854775807) %}{% endfor %}").find("steps"), std::string::npos);
  EXPECT_NE(refusal("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").find("deep"), std::string::npos);
  EXPECT_NE(refusal("{{ 'a' * 99999999 }}").find("too long"), std::string::npos);
  EXPECT_NE(refusal("{% for a in range(9) %}{{ 'a' * 9999999 }}{% endfor %}").find("output grew"), std::string::npos);
  EXPECT_NE(refusal("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + " }}").find("deep"),
            std::string::npos);
  std::string chain = "{{ a";
  for (int i = 0; i < 50'000; ++i) chain += ".a";
  EXPECT_NE(refusal(chain + " }}").find("deep"), std::string::npos);
  std::string nested = "{{ ";
  for (int i = 0; i < 3000; ++i) nested += "not ";
  EXPECT_NE(refusal(nested + "1 }}").find("deep"), std::string::npos);
  EXPECT_NE(refusal("{{ " + std::string(3000, '-') + "1 }}").find("deep"), std::string::npos);
}

TEST(Template, AListNeverHoldsItself) {
  EXPECT_NE(refusal("{% set l = [] %}{% do l.append([l]) %}").find("cannot hold itself"), std::string::npos);
  EXPECT_NE(refusal("{% set l = [] %}{% do l.append(l.append) %}").find("cannot hold itself"), std::string::npos);
  EXPECT_NE(refusal("{% set d = {} %}{% do d.update({'a': d}) %}").find("cannot hold itself"), std::string::npos);
  EXPECT_NE(refusal("{% set n = namespace() %}{% set n.a = [n] %}").find("cannot hold itself"), std::string::npos);
}

TEST(Template, AListThatUnfoldsWithoutEndIsNotPrinted) {
  std::string source = "{% set a = ['x'] %}";
  for (int i = 0; i < 40; ++i) source += "{% set a = [a, a] %}";
  for (const char* use : {"{{ a }}", "{{ a | tojson }}", "{{ a == [a[0], a[0]] and false }}"})
    EXPECT_NE(refusal(source + use).find(std::string_view(use).find("==") == std::string_view::npos ? "too large" : ""),
              std::string::npos)
        << refusal(source + use);
}

TEST(Template, PartsAreJoinedForTemplatesThatTakeOnlyStrings) {
  const auto strings = Template::parse("{{ messages[0].content + '!' }}");
  const auto parts = Template::parse(
      "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}{{ p.text "
      "}}{% endfor %}{% endif %}{% endfor %}");
  EXPECT_FALSE(strings.takes_parts());
  EXPECT_TRUE(parts.takes_parts());
  EXPECT_FALSE(Template::parse("{{ messages[0].content }}").takes_parts()) << "printed as a Python list";
  const auto context =
      json::parse(R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]})")
          .get_object();
  EXPECT_EQ(strings.render(join_text_parts(context), now), "ab!");
  try {
    join_text_parts(json::parse(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})").get_object());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "messages[0].content[0].type");
  }
}

json::Value read_json(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return json::parse(text.str());
}

TEST(Template, MakersTemplatesRenderAsJinja2RendersThem) {
  const auto folder = std::filesystem::path(COFRE_SOURCE_DIR) / "../shared/templates";
  if (!std::filesystem::exists(folder / "expected.json")) GTEST_SKIP() << "the template vectors are not here";
  const auto cases_file = read_json(folder / "cases.json"), expected = read_json(folder / "expected.json");
  const auto& cases = cases_file.get_object();
  std::size_t records = 0;
  for (const auto& one : expected.get_array()) {
    const auto& record = one.get_object();
    const std::string name(json::string_at(record, "template")), label(json::string_at(record, "case"));
    std::ostringstream source;
    source << std::ifstream(folder / name).rdbuf();
    auto context = json::at(cases, label).get_object();
    context["bos_token"] = "<s>";
    context["eos_token"] = "</s>";
    ++records;
    const auto parsed = Template::parse(source.str());
    if (record.contains("error")) {
      EXPECT_THROW(parsed.render(context, now), Error) << name << ", " << label;
      continue;
    }
    try {
      EXPECT_EQ(parsed.render(context, now), json::string_at(record, "text")) << name << ", " << label;
    } catch (const Error& error) {
      ADD_FAILURE() << name << ", " << label << ": " << error.what();
    }
  }
  EXPECT_GE(records, 100u);
}

}  // namespace
}  // namespace cofre::chat_template
