#include "journal/secrets.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>

namespace mixagent {
namespace {

constexpr std::size_t least_length = 12;
constexpr std::string_view opening = "[[secret:";
constexpr std::string_view closing = "]]";

std::string placeholder(std::string_view name) {
  return std::string(opening) + std::string(name) + std::string(closing);
}

bool starts_at(std::string_view bytes, std::size_t at, std::string_view what) {
  return bytes.compare(at, what.size(), what) == 0;
}

}  // namespace

Scrubber::Scrubber(std::vector<Secret> secrets) : secrets_(std::move(secrets)) {
  const auto useless = [](const Secret& secret) { return secret.value.size() < least_length; };
  secrets_.erase(std::remove_if(secrets_.begin(), secrets_.end(), useless), secrets_.end());
  std::sort(secrets_.begin(), secrets_.end(), [](const Secret& a, const Secret& b) {
    return a.value.size() != b.value.size() ? a.value.size() > b.value.size() : a.name < b.name;
  });
}

// The literal text "[[secret:" becomes a placeholder without a name, so that `restore` knows it
// from ours.
std::string Scrubber::scrub(std::string_view bytes) const {
  std::string result;
  std::size_t kept = 0;
  std::vector<std::pair<std::size_t, const Secret*>>
      next;  // next place of each pattern; null: `opening`
  const auto find = [&](const Secret* secret, std::size_t from) {
    return bytes.find(secret != nullptr ? std::string_view(secret->value) : opening, from);
  };
  next.emplace_back(find(nullptr, 0), nullptr);
  for (const auto& secret : secrets_) next.emplace_back(find(&secret, 0), &secret);
  for (;;) {
    auto first = next.end();
    for (auto it = next.begin(); it != next.end(); ++it) {
      if (it->first != std::string_view::npos && it->first < kept)
        it->first = find(it->second, kept);
      if (it->first == std::string_view::npos) continue;
      if (first == next.end() || it->first < first->first) first = it;
    }
    if (first == next.end()) break;
    const auto [at, secret] = *first;
    result += bytes.substr(kept, at - kept);
    result += placeholder(secret != nullptr ? secret->name : "");
    kept = at + (secret != nullptr ? secret->value.size() : opening.size());
  }
  return result += bytes.substr(kept);
}

std::string Scrubber::restore(std::string_view bytes) const {
  std::string result;
  std::size_t kept = 0;
  for (auto at = bytes.find(opening); at != std::string_view::npos;
       at = bytes.find(opening, kept)) {
    result += bytes.substr(kept, at - kept);
    kept = at + opening.size();
    if (starts_at(bytes, kept, closing)) {
      result += opening;
      kept += closing.size();
      continue;
    }
    const Secret* known = nullptr;
    for (const auto& secret : secrets_) {
      if (starts_at(bytes, kept, secret.name + std::string(closing))) known = &secret;
    }
    if (known == nullptr) {
      result += opening;  // a value that this process does not have stays a placeholder
      continue;
    }
    result += known->value;
    kept += known->name.size() + closing.size();
  }
  return result += bytes.substr(kept);
}

std::string Scrubber::scrub_json(std::string json) const {
  for (const auto& secret : secrets_) {
    const auto quoted = dump_json(Json(secret.value));
    const auto escaped = quoted.substr(1, quoted.size() - 2);
    json = replace_all(std::move(json), escaped, placeholder(secret.name));
    if (escaped != secret.value)
      json = replace_all(std::move(json), secret.value, placeholder(secret.name));
  }
  return json;
}

}  // namespace mixagent
