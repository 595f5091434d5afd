// Error answers, their waits and dates, and the headers that slow a client down. Promises: an error
// has a text, and no wait is negative.

#include "fuzz/input.h"
#include "provider/errors.h"
#include "provider/rate_headers.h"

#include <array>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mixagent;
  const FuzzInput input(data, size);
  constexpr std::array<int, 12> statuses = {400, 401, 402, 403, 404, 408,
                                            413, 429, 500, 503, 529, 200};
  const int status = statuses[input.choice % statuses.size()];
  const std::string head(input.text.substr(0, 64));
  const HeaderList headers = {{"retry-after", head},
                              {"retry-after-ms", head},
                              {"date", head},
                              {"x-ratelimit-remaining-tokens", head},
                              {"x-ratelimit-reset-tokens", head}};
  for (const auto& list : {HeaderList{}, headers}) {
    const auto error = provider_error(status, list, input.text, 1'000);
    promise(!error.what.empty());
    promise(error.retry_after_ms.value_or(0) >= 0);
    for (const auto& window : rate_windows(list, 1'000)) {
      promise(window.remaining >= 0 && window.limit >= 0 && window.full_in_ms >= 0);
    }
  }
  parse_wait_ms(input.text);
  parse_http_date(input.text);
  return 0;
}
