#include "provider/sse.h"

#include <utility>

namespace mixagent {

void SseParser::feed(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty()) {
    // The LF of a CR LF may come in the next piece.
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(sink);
  }
}

void SseParser::finish(const Sink& sink) {
  if (!line_.empty()) end_line(sink);
  deliver(sink);
}

void SseParser::end_line(const Sink& sink) {
  std::string_view line = line_;
  if (std::exchange(first_line_, false) && line.substr(0, 3) == "\xEF\xBB\xBF")
    line.remove_prefix(3);
  if (line.empty()) {
    deliver(sink);
  } else {
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (field == "data") {
      if (std::exchange(has_data_, true)) event_.data += '\n';
      event_.data += value;
    } else if (field == "event") {
      event_.name = value;
    }
  }
  line_.clear();
}

void SseParser::deliver(const Sink& sink) {
  if (has_data_) sink(event_);
  event_ = {};
  has_data_ = false;
}

}  // namespace mixagent
