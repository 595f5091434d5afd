#pragma once
// Seats as files: agents/NAME.toml, the embedded ones under the user's.

#include "config/load.h"

#include "mixagent/model.h"

#include <map>
#include <string>

namespace mixagent {

struct SeatFile {
  Seat seat;  // without models; `tools` ends with the terminal ones
  int tier =
      as_parent;  // of the default model; 0: none, the seat is off until the user names a model
  std::string inherits;  // the seat whose tools and limits it starts from

  static constexpr int as_parent = -1;
  bool off_by_default() const { return tier == 0; }
};

// Error config with file:line:column: unknown seat, key, tool or prompt; wrong type; a value out of
// range.
Result<std::map<std::string, SeatFile>> load_seats(
    const std::map<std::string, ConfigText>& overrides);

}  // namespace mixagent
