#pragma once
// `--output-format stream-json`: the journal's lines on standard output as they are written, then
// the result object.

#include "mixagent/event.h"

#include <functional>
#include <string_view>

namespace mixagent {

using WriteBytes = std::function<void(std::string_view)>;

// A listener for Journal::listen. Lines arrive whole and in order because the journal's listeners
// do.
std::function<void(const Event&)> stream_json_listener(WriteBytes write);

// The last line, for `json` and `stream-json`.
void write_result_line(const RunResult& result, const WriteBytes& write);

}  // namespace mixagent
