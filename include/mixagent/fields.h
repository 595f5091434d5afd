#pragma once
// How a struct names its fields once, for every codec. A struct has
//
//   template <class V> void fields(V& v) { v.need("path", path, "File to change."); v.may("note",
//   note); }
//
// `need` must be present when read, `may` keeps its default. The third argument documents the field
// for models and people. Visitors live in base/codec.h (write JSON, read JSON strictly with an
// error path, emit JSON Schema). An enum takes part when `constexpr auto enum_names(E)` (found by
// ADL) returns a std::array of its spellings in order.

#include <array>
#include <cstddef>
#include <string_view>

namespace mixagent {

template <class E>
constexpr std::string_view enum_name(E value) {
  return enum_names(E{})[static_cast<std::size_t>(value)];
}

}  // namespace mixagent
