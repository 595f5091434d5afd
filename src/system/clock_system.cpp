#include "system/clock_system.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <sys/random.h>

namespace mixagent {

std::int64_t SystemClock::wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::int64_t SystemClock::steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

bool SystemClock::sleep(std::chrono::milliseconds duration, const Cancel& cancel) {
  const auto wanted = std::chrono::steady_clock::now() + duration;
  const auto end = cancel.deadline ? std::min(wanted, *cancel.deadline) : wanted;
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_until(lock, cancel.stop, end, [] { return false; });
  return !cancel.requested();
}

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  auto* bytes = reinterpret_cast<unsigned char*>(&value);
  // Eight bytes are only refused before the kernel's pool is ready, or when a signal interrupts.
  for (std::size_t have = 0; have < sizeof value;) {
    const auto got = getrandom(bytes + have, sizeof value - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return value;
}

}  // namespace mixagent
