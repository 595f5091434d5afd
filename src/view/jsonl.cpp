#include "view/jsonl.h"

#include "core/codecs.h"

#include <utility>

namespace mixagent {

std::function<void(const Event&)> stream_json_listener(WriteBytes write) {
  return [write = std::move(write)](const Event& event) { write(encode_event(event) + "\n"); };
}

void write_result_line(const RunResult& result, const WriteBytes& write) {
  write(encode_result(result) + "\n");
}

}  // namespace mixagent
