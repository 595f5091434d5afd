#pragma once
// What checks showed on trees, kept in a folder of the cache: one small file an entry, named by its
// digest. Thread-safe; several processes may share the folder.

#include "mixagent/tools.h"

#include <filesystem>
#include <memory>
#include <string>

namespace mixagent {

// `toolchain` is part of every key: what the programs that a check may use look like today. Entries
// older than a week are not believed. Failures of the disk are losses, nothing more.
std::unique_ptr<CheckMemory> open_check_memory(std::filesystem::path folder, std::string toolchain);

// The programs of the usual languages as PATH finds them (file, size, time), and the machine's
// release. Ignored folders that come along count by their time.
std::string toolchain_of(const std::string& search_path, const std::filesystem::path& repository,
                         const std::vector<std::string>& carried);

}  // namespace mixagent
