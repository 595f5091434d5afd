#pragma once
// One declaration (`fields`, see mixagent/fields.h), three codecs: write JSON, read JSON strictly
// with an error path, emit a JSON Schema. Money is written as a number of USD, exact to the
// picodollar below 8,192 USD a value.

#include "base/json.h"

#include "mixagent/error.h"
#include "mixagent/fields.h"
#include "mixagent/money.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mixagent {

namespace codec_detail {

template <class T, class = void>
struct HasFields : std::false_type {};
struct NullVisitor {
  template <class... A>
  void need(A&&...) {}
  template <class... A>
  void may(A&&...) {}
  template <class... A>
  void flat(A&&...) {}
};
template <class T>
struct HasFields<T, std::void_t<decltype(std::declval<T&>().fields(std::declval<NullVisitor&>()))>>
    : std::true_type {};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

}  // namespace codec_detail

// ---- writing
// ------------------------------------------------------------------------------------------------------

template <class T>
Json to_json(const T& value);

struct JsonWriter {
  Json object = Json::object();

  template <class T>
  void need(const char* name, T& value, const char* = "") {
    put(name, value);
  }
  template <class T>
  void may(const char* name, T& value, const char* = "") {
    put(name, value);
  }
  template <class T>
  void flat(T& value) {
    value.fields(*this);
  }

 private:
  template <class T>
  void put(const char* name, T& value) {
    if constexpr (codec_detail::IsOptional<std::remove_const_t<T>>::value) {
      if (value) object[name] = to_json(*value);
    } else {
      object[name] = to_json(value);
    }
  }
};

template <class T>
Json to_json(const T& value) {
  using namespace codec_detail;
  if constexpr (HasFields<T>::value) {
    JsonWriter writer;
    const_cast<T&>(value).fields(writer);  // writing visitors read only
    return std::move(writer.object);
  } else if constexpr (std::is_same_v<T, Money>) {
    return Json(to_usd(value));
  } else if constexpr (std::is_enum_v<T>) {
    return Json(std::string(enum_name(value)));
  } else if constexpr (IsVector<T>::value) {
    Json array = Json::array();
    for (const auto& item : value) array.push_back(to_json(item));
    return array;
  } else if constexpr (IsMap<T>::value) {
    Json object = Json::object();
    for (const auto& [key, item] : value) object[key] = to_json(item);
    return object;
  } else if constexpr (IsOptional<T>::value) {
    return value ? to_json(*value) : Json();
  } else {
    return Json(value);
  }
}

// ---- reading
// ------------------------------------------------------------------------------------------------------

// Errors name the place: "steps[2].files.write: expected an array of strings". Unknown members go
// to `unknown`.
struct ReadNotes {
  std::vector<std::string> unknown;
};

template <class T>
Result<void> read_json(const Json& json, T& value, const std::string& path, ReadNotes& notes);

struct JsonReader {
  const Json& object;
  std::string path;
  ReadNotes& notes;
  std::vector<std::string> known;
  std::optional<Error> error;

  template <class T>
  void need(const char* name, T& value, const char* = "") {
    get(name, value, true);
  }
  template <class T>
  void may(const char* name, T& value, const char* = "") {
    get(name, value, false);
  }
  template <class T>
  void flat(T& value) {
    value.fields(*this);
  }

 private:
  template <class T>
  void get(const char* name, T& value, bool required) {
    known.emplace_back(name);
    if (error) return;
    const std::string at = path.empty() ? name : path + "." + name;
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) {
      if (required) error = fail(ErrorCode::protocol, "missing", at).value();
      return;
    }
    if (auto read = read_json(*found, value, at, notes); !read) error = read.error();
  }
};

namespace codec_detail {
inline tl::unexpected<Error> expected(const char* what, const std::string& path) {
  return fail(ErrorCode::protocol, std::string("expected ") + what, path);
}

// Models write "0.9" for 0.9.
inline std::optional<double> any_number(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (!json.is_string()) return {};
  const auto& text = json.get_ref<const std::string&>();
  if (text.empty() || text.find_first_not_of("+-.0123456789eE") != std::string::npos) return {};
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !std::isfinite(number)) return {};
  return number;
}

// Models write 5.0 and "5" for 5.
inline std::optional<std::int64_t> whole_number(const Json& json) {
  if (json.is_number_unsigned()) {
    const auto number = json.get<std::uint64_t>();
    if (!std::in_range<std::int64_t>(number)) return {};
    return static_cast<std::int64_t>(number);
  }
  if (json.is_number_integer()) return json.get<std::int64_t>();
  const auto number = any_number(json);
  if (!number || !(std::abs(*number) < 9e15) || *number != std::floor(*number)) return {};
  return static_cast<std::int64_t>(*number);
}
}  // namespace codec_detail

template <class T>
Result<void> read_json(const Json& json, T& value, const std::string& path, ReadNotes& notes) {
  using namespace codec_detail;
  if constexpr (HasFields<T>::value) {
    if (!json.is_object()) return expected("an object", path);
    JsonReader reader{json, path, notes, {}, {}};
    value.fields(reader);
    if (reader.error) return fail(*reader.error);
    for (auto it = json.begin(); it != json.end(); ++it) {
      bool known = false;
      for (const auto& name : reader.known) known = known || name == it.key();
      if (!known) notes.unknown.push_back(path.empty() ? it.key() : path + "." + it.key());
    }
    return {};
  } else if constexpr (std::is_same_v<T, Money>) {
    if (!json.is_number()) return expected("a number of USD", path);
    MIX_TRY(value, money_from_usd(json.get<double>()));
    return {};
  } else if constexpr (std::is_enum_v<T>) {
    if (json.is_string()) {
      const auto text = json.get<std::string>();
      const auto names = enum_names(T{});
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) {
          value = static_cast<T>(i);
          return {};
        }
      }
    }
    std::string names;
    for (const auto name : enum_names(T{}))
      names += (names.empty() ? "" : " | ") + std::string(name);
    return expected(("one of " + names).c_str(), path);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) return expected("a string", path);
    value = json.get<std::string>();
    return {};
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) return expected("true or false", path);
    value = json.get<bool>();
    return {};
  } else if constexpr (std::is_integral_v<T>) {
    const auto number = codec_detail::whole_number(json);
    if (!number) return expected("a whole number", path);
    if (!std::in_range<T>(*number)) return expected("a smaller number", path);
    value = static_cast<T>(*number);
    return {};
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto number = codec_detail::any_number(json);
    if (!number) return expected("a number", path);
    value = static_cast<T>(*number);
    return {};
  } else if constexpr (IsOptional<T>::value) {
    if (json.is_null()) {
      value.reset();
      return {};
    }
    typename T::value_type inner{};
    MIX_OK(read_json(json, inner, path, notes));
    value = std::move(inner);
    return {};
  } else if constexpr (IsMap<T>::value) {
    if (!json.is_object()) return expected("an object", path);
    value.clear();
    for (auto it = json.begin(); it != json.end(); ++it) {
      MIX_OK(read_json(it.value(), value[it.key()], path + "." + it.key(), notes));
    }
    return {};
  } else {
    static_assert(IsVector<T>::value, "no codec for this type");
    if (!json.is_array()) return expected("an array", path);
    value.clear();
    for (std::size_t i = 0; i < json.size(); ++i) {
      typename T::value_type item{};
      MIX_OK(read_json(json[i], item, path + "[" + std::to_string(i) + "]", notes));
      value.push_back(std::move(item));
    }
    return {};
  }
}

template <class T>
Result<T> from_json(const Json& json, ReadNotes* notes = nullptr) {
  ReadNotes own;
  T value{};
  MIX_OK(read_json(json, value, "", notes != nullptr ? *notes : own));
  return value;
}

// ---- schema
// -------------------------------------------------------------------------------------------------------

template <class T>
Json schema_of();

struct SchemaWriter {
  Json properties = Json::object();
  Json required = Json::array();

  template <class T>
  void need(const char* name, T&, const char* about = "") {
    add<T>(name, about);
    required.push_back(name);
  }
  template <class T>
  void may(const char* name, T&, const char* about = "") {
    add<T>(name, about);
  }
  template <class T>
  void flat(T& value) {
    value.fields(*this);
  }

 private:
  template <class T>
  void add(const char* name, const char* about) {
    Json schema = schema_of<T>();
    if (*about != '\0') schema["description"] = about;
    properties[name] = std::move(schema);
  }
};

template <class T>
Json schema_of() {
  using namespace codec_detail;
  if constexpr (HasFields<T>::value) {
    T value{};
    SchemaWriter writer;
    value.fields(writer);
    Json schema = {{"type", "object"}, {"properties", std::move(writer.properties)}};
    if (!writer.required.empty()) schema["required"] = std::move(writer.required);
    return schema;
  } else if constexpr (std::is_enum_v<T>) {
    Json names = Json::array();
    for (const auto name : enum_names(T{})) names.push_back(std::string(name));
    return {{"type", "string"}, {"enum", std::move(names)}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_integral_v<T>) {
    return {{"type", "integer"}};
  } else if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, Money>) {
    return {{"type", "number"}};
  } else if constexpr (IsOptional<T>::value) {
    return schema_of<typename T::value_type>();
  } else if constexpr (IsMap<T>::value) {
    return {{"type", "object"}};
  } else {
    static_assert(IsVector<T>::value, "no schema for this type");
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
  }
}

}  // namespace mixagent
