#include "config/prompts.h"

#include "base/text.h"
#include "config/load.h"
#include "config/seats.h"
#include "core/actions.h"

#include <doctest/doctest.h>

#include <iostream>

using namespace mixagent;

namespace {

PromptFiles built_in() {
  auto prompts = PromptFiles::open({});
  REQUIRE_MESSAGE(prompts, (prompts ? "" : describe(prompts.error())));
  return *std::move(prompts);
}

PromptValues filled(const PromptSpec& spec, bool optional) {
  PromptValues values;
  for (const char* name : spec.need) values.text[name] = std::string("<") + name + ">\n\n";
  if (optional) {
    for (const char* name : spec.may) values.text[name] = std::string("<") + name + ">\n\n";
  }
  return values;
}

std::int64_t tokens_of_tools(const std::vector<std::string>& tools) {
  std::int64_t tokens = 0;
  for (const std::string& name : tools) {
    const ToolDef tool = tool_definition(name);
    tokens += estimate_tokens(tool.name + tool.description + tool.schema);
  }
  return tokens;
}

}  // namespace

TEST_CASE("every prompt renders with exactly its declared variables") {
  const PromptFiles prompts = built_in();
  for (const PromptSpec& spec : prompt_specs()) {
    CAPTURE(spec.name);
    for (const bool optional : {false, true}) {
      const auto text = prompts.render(spec.name, filled(spec, optional));
      REQUIRE_MESSAGE(text, (text ? "" : describe(text.error())));
      CHECK(text->find("{{") == std::string::npos);
      CHECK(text->find("\n\n\n") == std::string::npos);
      const PromptValues values = filled(spec, optional);
      for (const auto& [name, value] : values.text) {
        CAPTURE(name);
        const bool unused = std::string(spec.name) == "advise";
        CHECK((text->find(trim(value)) != std::string::npos) != unused);
      }
    }
  }
}

TEST_CASE("a missing, an unknown and an optional variable") {
  const PromptFiles prompts = built_in();
  CHECK(prompts.render("repair", {}).error().code == ErrorCode::internal);
  PromptValues values;
  values.text = {{"faults", "x"}, {"fault", "y"}};
  CHECK(prompts.render("repair", values).error().code == ErrorCode::internal);
  CHECK(prompts.render("nonsense", {}).error().code == ErrorCode::internal);
  values.text = {{"findings", "f1"}};
  const auto without = prompts.render("revise", values);
  values.text["coaching"] = "start from the loop";
  const auto with = prompts.render("revise", values);
  CHECK(without->find("start from") == std::string::npos);
  CHECK(with->find("start from the loop") != std::string::npos);
}

TEST_CASE("models without tools are told the blocks instead of tool calls") {
  const PromptFiles prompts = built_in();
  PromptValues values;
  const std::string native = prompts.render("work", values).value();
  values.text["actions"] = "```finish";
  const std::string blocks = prompts.render("work", values).value();
  CHECK(native.find("tool calls") != std::string::npos);
  CHECK(blocks.find("tool calls") == std::string::npos);
  CHECK(blocks.find("```finish") != std::string::npos);
}

TEST_CASE("a user's own text replaces a known one only") {
  std::map<std::string, ConfigText> own;
  own["revise"] = {"/home/u/prompts/revise.md", "Look: {{findings}}"};
  const auto prompts = PromptFiles::open(own);
  PromptValues values;
  values.text = {{"findings", "f1"}, {"coaching", "c"}};
  CHECK(prompts->render("revise", values).value() == "Look: f1");

  own = {{"revize", {"/home/u/prompts/revize.md", "x"}}};
  Error error = PromptFiles::open(own).error();
  CHECK(error.code == ErrorCode::config);
  CHECK(error.where == "/home/u/prompts/revize.md");
  CHECK(error.hint == "did you mean \"revise\"?");

  own = {{"revise", {"/home/u/prompts/revise.md", "Look: {{finding}}"}}};
  error = PromptFiles::open(own).error();
  CHECK(error.code == ErrorCode::config);
  CHECK(error.where == "/home/u/prompts/revise.md");
  CHECK(error.hint == "it has: findings, coaching");

  own = {{"revise", {"/home/u/prompts/revise.md", "Look: {{?coaching}}"}}};
  error = PromptFiles::open(own).error();
  CHECK(error.code == ErrorCode::config);
  CHECK(error.where.find("/home/u/prompts/revise.md") != std::string::npos);

  own = {{"parts/rules", {"/home/u/prompts/parts/rules.md", "- Be brief.\n"}}};
  CHECK(PromptFiles::open(own)->render("work", {})->find("- Be brief.") != std::string::npos);
}

TEST_CASE("what every call pays for stays small") {
  const PromptFiles prompts = built_in();
  const auto seats = load_seats({});
  REQUIRE_MESSAGE(seats, (seats ? "" : describe(seats.error())));
  struct Limit {
    const char* seat;
    std::int64_t most;  // tokens of the system prompt and the tool definitions
  };
  for (const Limit limit : {Limit{"worker", 700}, Limit{"planner", 1200}, Limit{"reviewer", 700}}) {
    const Seat& seat = seats->at(limit.seat).seat;
    const std::int64_t prompt = estimate_tokens(prompts.render(seat.prompt, {}).value());
    const std::int64_t tools = tokens_of_tools(seat.tools);
    std::cout << limit.seat << ": prompt " << prompt << " + tools " << tools << " = "
              << prompt + tools << " of " << limit.most << " tokens\n";
    CHECK(prompt + tools < limit.most);
  }
}
