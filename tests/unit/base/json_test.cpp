#include "base/json.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;

TEST_CASE("JSON is read with the order of its keys") {
  const auto json = parse_json(R"( {"z": 1, "a": [true, null, "\u00e4"], "z2": {"b": 1.5}} )");
  REQUIRE(json);
  CHECK(dump_json(*json) == R"({"z":1,"a":[true,null,"ä"],"z2":{"b":1.5}})");
  CHECK(canonical_json(*json) == R"({"a":[true,null,"ä"],"z":1,"z2":{"b":1.5}})");
}

TEST_CASE("of keys that stand twice the last wins") {
  CHECK(dump_json(parse_json(R"({"a":1,"b":2,"a":3})").value()) == R"({"a":3,"b":2})");
}

TEST_CASE("what is no JSON is refused with its place") {
  const struct {
    std::string text, where;
  } cases[] = {
      {"", "line 1, column 1"},
      {"{", "line 1, column 2"},
      {"{\"a\": 1,\n \"b\": x}", "line 2, column 7"},
      {"[1] tail", "line 1, column 6"},
      {"{'a': 1}", "line 1, column 2"},
      {"\"\xFF\"", "line 1, column 2"},
      {"[1e999]", "the document"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto json = parse_json(c.text);
    REQUIRE_FALSE(json);
    CHECK(json.error().code == ErrorCode::protocol);
    CHECK(json.error().where == c.where);
    CHECK(json.error().what.find("no JSON: ") == 0);
    CHECK(json.error().what.find("json.exception") == std::string::npos);
  }
}

TEST_CASE("nesting is limited, whatever the brackets") {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += i % 2 == 0 ? "[" : "{\"a\":";
    text += "1";
    for (int i = depth; i-- > 0;) text += i % 2 == 0 ? "]" : "}";
    return text;
  };
  CHECK(parse_json(nested(200)));
  const auto refused = parse_json(nested(201));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == "JSON nested deeper than 200");
  CHECK_FALSE(parse_json(std::string(5'000'000, '[')));
  CHECK(parse_json("\"" + std::string(500, '[') + "\""));
}

TEST_CASE("dumping never throws on invalid UTF-8") {
  CHECK(dump_json(Json("a\xFFz")) == "\"a\uFFFDz\"");
  CHECK(canonical_json(Json("a\xFFz")) == "\"a\uFFFDz\"");
}

TEST_CASE("canonical text is the same for any order of keys, at any depth") {
  const auto one = parse_json(R"({"b":[{"y":1,"x":2}],"a":{"d":-1,"c":0.5}})").value();
  const auto two = parse_json(R"({"a":{"c":0.5,"d":-1},"b":[{"x":2,"y":1}]})").value();
  CHECK(canonical_json(one) == canonical_json(two));
  CHECK(canonical_json(one) == R"({"a":{"c":0.5,"d":-1},"b":[{"x":2,"y":1}]})");
}

TEST_CASE("numbers keep their digits") {
  const std::string text = R"([0,-1,9223372036854775807,18446744073709551615,0.1,1e-12])";
  const auto json = parse_json(text).value();
  CHECK(dump_json(json) == text);
  CHECK(canonical_json(json) == text);
}

TEST_CASE("the first JSON in what a model wrote") {
  const struct {
    std::string text, found;
  } cases[] = {
      {"{\"a\":1}", "{\"a\":1}"},
      {"Here it is: {\"a\": {\"b\": \"}\"}} and more {\"c\":1}", "{\"a\": {\"b\": \"}\"}}"},
      {"as said [sic], [1, 2]", "[1, 2]"},
      {"text {\"no\":1}\n```json\n{\"a\": 1}\n```\n", "{\"a\": 1}"},
      {"```json\n{broken\n```\nthen {\"a\":1}", "{\"a\":1}"},
      {"```json\n{\"a\": \"not closed fence\"}", "{\"a\": \"not closed fence\"}"},
      {"{\"a\": \"\\\"}\"}", "{\"a\": \"\\\"}\"}"},
      {"{\"never\": [ends", ""},
      {"no json", ""},
      {"", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(first_json_in(c.text) == c.found);
  }
}

TEST_CASE("members of anything") {
  const auto json =
      parse_json(R"({"s":"x","n":5,"big":18446744073709551615,"d":2.9,"o":{}})").value();
  CHECK(string_or(json, "s") == "x");
  CHECK(string_or(json, "n", "none") == "none");
  CHECK(string_or(json, "absent", "none") == "none");
  CHECK(int_or(json, "n") == 5);
  CHECK(int_or(json, "d") == 2);
  CHECK(int_or(json, "big", -1) == -1);
  CHECK(int_or(json, "s", -1) == -1);
  CHECK(member(json, "absent").is_null());
  CHECK(member(Json(3), "x").is_null());
  CHECK(member(json, "o").is_object());
}
