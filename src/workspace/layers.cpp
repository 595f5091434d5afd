#include "workspace/layers.h"

#include "base/text.h"
#include "system/overlay_files.h"
#include "workspace/names.h"

#include <deque>

namespace mixagent {
namespace {

constexpr int most_links = 40;

tl::unexpected<Error> missing(const std::string& path) {
  return fail(ErrorCode::not_found, "no such file", path);
}
tl::unexpected<Error> leads_out(const std::string& path) {
  return fail(ErrorCode::denied, "leads through a link out of the repository", path);
}

std::deque<std::string> components(const std::string& path) {
  std::deque<std::string> parts;
  for (auto& part : split(path, '/')) {
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
  }
  return parts;
}

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

Fd open_sub(int folder, const std::string& name) {
  auto opened = open_stubborn(folder, name, Access::folder);
  return opened ? *std::move(opened) : Fd();
}

}  // namespace

const Layer& Layers::layer_of(const std::string& path, std::string& rest) const {
  const Layer* best = &layers_.front();
  for (const auto& layer : layers_) {
    const bool holds =
        path == layer.at || path.compare(0, layer.at.size() + 1, layer.at + "/") == 0;
    if (holds && layer.at.size() > best->at.size()) best = &layer;
  }
  rest = best->at.empty() ? path : path == best->at ? "" : path.substr(best->at.size() + 1);
  return *best;
}

Result<std::optional<LayeredFile>> Layers::find(const std::string& path) const {
  std::string rest;
  const Layer& layer = layer_of(path, rest);
  auto parts = components(rest);
  std::optional<LayeredFile> found(std::in_place);
  MIX_TRY(Fd upper, open_beneath(layer.upper.get(), "", Access::folder, Links::refuse));
  MIX_TRY(Fd lower, open_beneath(layer.lower.get(), "", Access::folder, Links::refuse));
  if (parts.empty()) {
    MIX_TRY(found->status, stat_of(upper.get(), path));
    found->folder = std::move(upper);
    found->in_upper = true;
    return found;
  }
  for (;; parts.pop_front()) {
    const auto& name = parts.front();
    std::optional<FileStat> above, under;
    if (upper) {
      MIX_TRY(above, stat_at(upper.get(), name));
    }
    if (lower) {
      MIX_TRY(under, stat_at(lower.get(), name));
    }
    if (above && above->kind == FileKind::other && is_whiteout_at(upper.get(), name))
      return std::optional<LayeredFile>();
    if (!above && !under) return std::optional<LayeredFile>();
    if (parts.size() == 1) {
      found->status = above ? *above : *under;
      found->in_upper = above.has_value();
      found->also_below = under.has_value();
      found->folder = above ? std::move(upper) : std::move(lower);
      found->name = name;
      return found;
    }
    if ((above ? above : under)->kind != FileKind::directory) return std::optional<LayeredFile>();
    if (above) upper = open_sub(upper.get(), name);
    if (!above) upper = Fd();
    const bool shown =
        under && under->kind == FileKind::directory && !(above && is_opaque(upper.get()));
    lower = shown ? open_sub(lower.get(), name) : Fd();
  }
}

Result<std::string> Layers::resolve(const std::string& path, bool follow_last) const {
  std::string resolved;
  auto parts = components(path);
  for (int links = 0; !parts.empty();) {
    const auto name = parts.front();
    parts.pop_front();
    if (name == "..") {
      if (resolved.empty()) return leads_out(path);
      resolved = std::string(folder_of(resolved));
      continue;
    }
    const auto next = below(resolved, name);
    MIX_TRY(const auto found, find(next));
    if (!found && !parts.empty()) return missing(path);
    if (found && found->status.kind == FileKind::symlink && (follow_last || !parts.empty())) {
      MIX_TRY(const auto target, link_target_at(found->folder.get(), found->name));
      if (++links > most_links || target.empty() || target.front() == '/') return leads_out(path);
      auto more = components(target);
      parts.insert(parts.begin(), more.begin(), more.end());
      continue;
    }
    if (found && found->status.kind != FileKind::directory && !parts.empty()) return missing(path);
    resolved = next;
  }
  return resolved;
}

// Folders that are only below are made above; one that was removed and comes again must not show
// its old content.
Result<Fd> Layers::upper_folder(const std::string& path) {
  std::string rest;
  const Layer& layer = layer_of(path, rest);
  MIX_TRY(Fd folder, open_beneath(layer.upper.get(), "", Access::folder, Links::refuse));
  for (const auto& name : components(rest)) {
    MIX_TRY(const auto status, stat_at(folder.get(), name));
    if (status && status->kind == FileKind::directory) {
      MIX_TRY(folder, open_stubborn(folder.get(), name, Access::folder));
      continue;
    }
    const bool hidden = status && is_whiteout_at(folder.get(), name);
    if (hidden) MIX_OK(remove_file_at(folder.get(), name));
    MIX_TRY(Fd inner, make_directories_beneath(folder.get(), name, 0755, owner_));
    if (hidden) MIX_OK(make_opaque(inner.get(), path));
    folder = std::move(inner);
  }
  return folder;
}

Result<Fd> Layers::open_emptied(const std::string& path, unsigned mode_of_new) {
  MIX_TRY(const auto found, find(path));
  if (found && found->status.kind == FileKind::directory)
    return fail(ErrorCode::denied, "a folder, not a file", path);
  if (found && found->status.kind != FileKind::regular)
    return fail(ErrorCode::denied, "not a regular file", path);
  if (found && found->in_upper) {
    MIX_TRY(Fd fd, open_beneath(found->folder.get(), found->name, Access::write, Links::refuse));
    MIX_OK(empty_file(fd.get(), path));
    return fd;
  }
  const unsigned mode = found ? found->status.mode : mode_of_new;
  MIX_TRY(const Fd folder, upper_folder(std::string(folder_of(path))));
  const std::string name(last_name_of(path));
  if (is_whiteout_at(folder.get(), name)) MIX_OK(remove_file_at(folder.get(), name));
  MIX_TRY(Fd fd, create_at(folder.get(), name, mode));
  MIX_OK(set_mode(fd.get(), mode, path));
  MIX_OK(give(fd.get(), owner_, path));
  return fd;
}

Result<void> Layers::remove(const std::string& path) {
  MIX_TRY(const auto found, find(path));
  if (!found) return missing(path);
  if (found->status.kind == FileKind::directory)
    return fail(ErrorCode::denied, "a folder, not a file", path);
  if (found->in_upper) MIX_OK(remove_file_at(found->folder.get(), found->name));
  if (found->in_upper && !found->also_below) return {};
  MIX_TRY(const Fd folder, upper_folder(std::string(folder_of(path))));
  return make_whiteout_at(folder.get(), std::string(last_name_of(path)));
}

}  // namespace mixagent
