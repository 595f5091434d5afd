#pragma once
// The ledger's tables about models: how they count tokens, how well their edits apply. Used by
// ledger.cpp under its lock.

#include "system/sqlite.h"

#include "mixagent/event.h"
#include "mixagent/model_record.h"

#include <string>
#include <vector>

namespace mixagent {

extern const char* const model_tables;  // CREATE statements, dropping what was there

// Takes the place of what was recorded for the run.
Result<void> write_model_records(Database& database, const std::string& run,
                                 const std::vector<Event>& events);
Result<std::vector<TokenSample>> read_token_samples(Database& database, const std::string& model);
Result<EditCount> read_edit_count(Database& database, const std::string& model);

}  // namespace mixagent
