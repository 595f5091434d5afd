#include "base/codec.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace mixagent;

namespace {

enum class Colour { red, dark_blue };
constexpr std::array<std::string_view, 2> enum_names(Colour) {
  return {"red", "dark_blue"};
}

struct Inner {
  std::string name;
  std::vector<int> sizes;
  bool operator==(const Inner&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("name", name, "what it is called");
    v.may("sizes", sizes);
  }
};

struct Extra {
  std::string tail;
  bool operator==(const Extra&) const = default;
  template <class V>
  void fields(V& v) {
    v.may("tail", tail);
  }
};

struct Outer {
  bool on = false;
  int small = 7;
  std::int64_t big = 0;
  double share = 0;
  Colour colour = Colour::red;
  Money price;
  std::optional<Money> cap;
  std::optional<int> limit;
  std::vector<Inner> inner;
  std::map<std::string, Money> by_name;
  Extra extra;
  bool operator==(const Outer&) const = default;
  template <class V>
  void fields(V& v) {
    v.may("on", on);
    v.may("small", small);
    v.may("big", big);
    v.may("share", share);
    v.need("colour", colour);
    v.may("usd", price);
    v.may("cap_usd", cap);
    v.may("limit", limit);
    v.may("inner", inner);
    v.may("by_name", by_name);
    v.flat(extra);
  }
};

Outer filled() {
  Outer outer;
  outer.on = true;
  outer.small = -3;
  outer.big = std::numeric_limits<std::int64_t>::max();
  outer.share = 0.3;
  outer.colour = Colour::dark_blue;
  outer.price = {270'000'000'001};
  outer.cap = Money{2 * pico_per_usd};
  outer.inner = {{"a", {1, 2}}, {"b", {}}};
  outer.by_name = {{"worker", Money{1}}};
  outer.extra.tail = "t";
  return outer;
}

std::string read_error(const std::string& text) {
  const auto read = from_json<Outer>(parse_json(text).value());
  return read ? "read" : describe(read.error());
}

}  // namespace

TEST_CASE("a struct is written in the order of its fields and reads back") {
  const std::string text =
      R"({"on":true,"small":-3,"big":9223372036854775807,"share":0.3,"colour":"dark_blue","usd":0.270000000001,)"
      R"("cap_usd":2.0,"inner":[{"name":"a","sizes":[1,2]},{"name":"b","sizes":[]}],"by_name":{"worker":1e-12},"tail":"t"})";
  CHECK(dump_json(to_json(filled())) == text);
  ReadNotes notes;
  const auto read = from_json<Outer>(parse_json(text).value(), &notes);
  REQUIRE(read);
  CHECK(*read == filled());
  CHECK(notes.unknown.empty());
}

TEST_CASE("absent and null fields keep their defaults") {
  Outer expected;
  expected.colour = Colour::red;
  CHECK(from_json<Outer>(
            parse_json(R"({"colour":"red","small":null,"limit":null,"inner":null})").value()) ==
        expected);
}

TEST_CASE("unknown members are named with their place") {
  ReadNotes notes;
  const auto read = from_json<Outer>(
      parse_json(R"({"colour":"red","new":1,"inner":[{"name":"a"},{"name":"b","colour":2}]})")
          .value(),
      &notes);
  REQUIRE(read);
  CHECK(notes.unknown == std::vector<std::string>{"inner[1].colour", "new"});
}

TEST_CASE("a fault names its place") {
  const struct {
    std::string text, error;
  } cases[] = {
      {"[]", "expected an object"},
      {"{}", "colour: missing"},
      {R"({"colour":null})", "colour: missing"},
      {R"({"colour":"blue"})", "colour: expected one of red | dark_blue"},
      {R"({"colour":1})", "colour: expected one of red | dark_blue"},
      {R"({"colour":"red","on":"yes"})", "on: expected true or false"},
      {R"({"colour":"red","small":1.5})", "small: expected a whole number"},
      {R"({"colour":"red","small":"many"})", "small: expected a whole number"},
      {R"({"colour":"red","small":""})", "small: expected a whole number"},
      {R"({"colour":"red","small":"0x10"})", "small: expected a whole number"},
      {R"({"colour":"red","small":99999999999})", "small: expected a smaller number"},
      {R"({"colour":"red","small":1e300})", "small: expected a whole number"},
      {R"({"colour":"red","big":18446744073709551615})", "big: expected a whole number"},
      {R"({"colour":"red","share":"inf"})", "share: expected a number"},
      {R"({"colour":"red","share":[]})", "share: expected a number"},
      {R"({"colour":"red","usd":"1"})", "usd: expected a number of USD"},
      {R"({"colour":"red","inner":{}})", "inner: expected an array"},
      {R"({"colour":"red","inner":[{"name":"a"},{"sizes":[]}]})", "inner[1].name: missing"},
      {R"({"colour":"red","inner":[{"name":"a","sizes":[1,"x"]}]})",
       "inner[0].sizes[1]: expected a whole number"},
      {R"({"colour":"red","inner":[3]})", "inner[0]: expected an object"},
      {R"({"colour":"red","by_name":{"w":"x"}})", "by_name.w: expected a number of USD"},
      {R"({"colour":"red","by_name":[]})", "by_name: expected an object"},
      {R"({"colour":"red","tail":5})", "tail: expected a string"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(read_error(c.text) == c.error);
  }
  CHECK(from_json<Outer>(parse_json(R"({"colour":"red","usd":-1})").value()).error().code ==
        ErrorCode::usage);
}

TEST_CASE("numbers that models write in other ways are read") {
  const auto read = from_json<Outer>(
      parse_json(R"({"colour":"red","small":"5","big":5.0,"share":"0.25"})").value());
  REQUIRE(read);
  Outer expected;
  expected.small = 5;
  expected.big = 5;
  expected.share = 0.25;
  CHECK(*read == expected);
}

TEST_CASE("money survives as a number of USD to the picodollar") {
  const std::int64_t amounts[] = {0,
                                  1,
                                  270'000'000'000,
                                  1'234'567'890'123'456,
                                  4'999'999'999'999'999,
                                  8'191'999'999'999'999,
                                  8'191'123'456'789'013};
  for (const std::int64_t pico : amounts) {
    CAPTURE(pico);
    const auto json = parse_json(dump_json(to_json(std::vector<Money>{{pico}}))).value();
    CHECK(from_json<std::vector<Money>>(json) == std::vector<Money>{{pico}});
  }
}

TEST_CASE("the schema lists every field, what is required and what it is for") {
  CHECK(
      dump_json(schema_of<Outer>()) ==
      R"({"type":"object","properties":{"on":{"type":"boolean"},"small":{"type":"integer"},"big":{"type":"integer"},)"
      R"("share":{"type":"number"},"colour":{"type":"string","enum":["red","dark_blue"]},"usd":{"type":"number"},)"
      R"("cap_usd":{"type":"number"},"limit":{"type":"integer"},"inner":{"type":"array","items":{"type":"object",)"
      R"("properties":{"name":{"type":"string","description":"what it is called"},"sizes":{"type":"array","items":)"
      R"({"type":"integer"}}},"required":["name"]}},"by_name":{"type":"object"},"tail":{"type":"string"}},)"
      R"("required":["colour"]})");
}
