#include "context/ctags.h"

#include "base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <iterator>
#include <utility>

namespace mixagent {

namespace {

constexpr std::size_t most_of_one = 2'000;                    // definitions of one file
constexpr std::size_t most_signature = 200, most_name = 120;  // bytes

// "b12.py" -> 12
std::optional<std::size_t> number_of(std::string_view name) {
  std::size_t number = 0;
  if (name.empty() || name.front() != 'b') return std::nullopt;
  const auto parsed = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return number;
}

std::string one_line(std::string text, std::size_t most) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (text.size() > most) text.resize(most);
  return text;
}

std::string request_of(const std::vector<Source>& sources) {
  std::string request;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    request += R"({"command":"generate-tags","filename":"b)" + std::to_string(i) +
               std::string(source_extension(sources[i].path)) + R"(","size":)" +
               std::to_string(sources[i].bytes.size()) + "}\n";
    request += sources[i].bytes;
  }
  return request;
}

}  // namespace

std::string_view source_extension(std::string_view path) {
  static constexpr std::array<std::string_view, 54> known = {
      ".c",   ".h",   ".cc",  ".cpp", ".cxx", ".hpp", ".hh",  ".hxx",   ".inl",   ".ipp",   ".py",
      ".pyi", ".js",  ".jsx", ".mjs", ".cjs", ".ts",  ".tsx", ".go",    ".rs",    ".java",  ".kt",
      ".rb",  ".php", ".cs",  ".m",   ".pl",  ".pm",  ".sh",  ".lua",   ".r",     ".jl",    ".ml",
      ".ex",  ".exs", ".erl", ".clj", ".vue", ".d",   ".sql", ".proto", ".scala", ".swift", ".hs",
      ".mm",  ".tcl", ".vim", ".f90", ".pas", ".adb", ".cu",  ".cmake", ".zig",   ".elm"};
  const auto slash = path.rfind('/');
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) return {};
  const auto found = std::find(known.begin(), known.end(), path.substr(dot));
  return found == known.end() ? std::string_view{} : *found;
}

std::vector<std::vector<Definition>> parse_ctags(std::string_view output, std::size_t count) {
  std::vector<std::vector<Definition>> found(count);
  for (std::size_t begin = 0; begin < output.size();) {
    auto end = output.find('\n', begin);
    if (end == std::string_view::npos) end = output.size();
    const std::string_view line = output.substr(begin, end - begin);
    begin = end + 1;
    if (line.rfind(R"({"_type": "tag")", 0) != 0) continue;
    const auto tag = parse_json(line);
    if (!tag) continue;
    const auto number = number_of(string_or(*tag, "path"));
    if (!number || *number >= count || found[*number].size() >= most_of_one) continue;
    Definition definition;
    definition.name = one_line(string_or(*tag, "name"), most_name);
    definition.kind = one_line(string_or(*tag, "kind"), most_name);
    definition.scope = one_line(string_or(*tag, "scope"), most_name);
    definition.signature = one_line(string_or(*tag, "signature"), most_signature);
    definition.line = static_cast<std::uint32_t>(int_or(*tag, "line"));
    definition.end = static_cast<std::uint32_t>(int_or(*tag, "end"));
    if (!definition.name.empty()) found[*number].push_back(std::move(definition));
  }
  return found;
}

std::optional<std::vector<std::vector<Definition>>> definitions_of(
    const std::vector<Source>& sources, Processes& processes, const std::string& search_path) {
  Command command;
  command.argv = {"ctags",
                  "--options=NONE",
                  "--quiet",
                  "--_interactive=sandbox",
                  "--output-format=json",
                  "--fields=NFnKSsZe",
                  "--kinds-C=+p",
                  "--kinds-C++=+p"};
  command.cwd = "/";
  command.env = {{"PATH", search_path}, {"LC_ALL", "C.UTF-8"}};
  command.input = request_of(sources);
  command.timeout = std::chrono::minutes(2);
  command.keep_head = command.kill_after = std::size_t{1} << 30;
  const auto exit = processes.run(command, Cancel{});
  // An older or smaller ctags has no such mode and says so.
  if (!exit || exit->out.find(R"("_type": "completed")") == std::string::npos) return std::nullopt;
  if (exit->code == 0 && !exit->timed_out && !exit->flooded)
    return parse_ctags(exit->out, sources.size());
  // One file was too much for it: that one goes without.
  std::vector<std::vector<Definition>> found;
  const std::size_t half = sources.size() / 2;
  for (const auto& [begin, end] :
       {std::pair{std::size_t{0}, half}, std::pair{half, sources.size()}}) {
    const std::vector<Source> part(sources.begin() + static_cast<std::ptrdiff_t>(begin),
                                   sources.begin() + static_cast<std::ptrdiff_t>(end));
    auto some = half == 0 ? std::nullopt : definitions_of(part, processes, search_path);
    if (!some) some.emplace(part.size());
    found.insert(found.end(), std::make_move_iterator(some->begin()),
                 std::make_move_iterator(some->end()));
  }
  return found;
}

}  // namespace mixagent
