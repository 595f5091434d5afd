#include "engine/caller.h"

#include "base/digest.h"
#include "core/codecs.h"
#include "core/price.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace mixagent {

namespace {

// Writes down what the client does below one call, and keeps the reservation in step with it: a cut
// stream was billed, so its reservation is spent and the next try needs its own.
class Bookkeeper final : public CallObserver {
 public:
  Bookkeeper(Tools& tools, Budget& budget, const CallSite& site, const Pot& pot,
             const ChatRequest& request, const Ask& ask, Reservation reservation)
      : tools_(tools),
        budget_(budget),
        site_(site),
        pot_(pot),
        request_(request),
        ask_(ask),
        reservation_(reservation),
        asked_(site.model.name) {}

  Result<void> on_retry(const RetryNote& note) override {
    const Money lost = note.partial_output ? reservation_.amount : Money{};
    const CallLabels& at = request_.labels;
    if (note.failed_over_to.empty()) {
      MIX_OK(tools_.journal.append(CallRetried{
          at.key, at.seat, asked_, at.step, to_string(note.kind), note.why, note.wait_ms, lost}));
    } else {
      MIX_OK(tools_.journal.append(CallFailedOver{
          at.key, at.seat, at.step, asked_, note.failed_over_to, to_string(note.kind), lost}));
      asked_ = note.failed_over_to;
    }
    if (!note.partial_output) return {};
    budget_.settle(reservation_, lost);
    settled_ = true;
    Ask again = ask_;
    again.want_output = reservation_.max_output;  // the request's limit cannot change any more
    again.least_output = reservation_.max_output;
    MIX_TRY(reservation_, budget_.reserve(pot_, again, tools_.cancel));
    settled_ = false;
    return {};
  }

  // The later answer is cancelled unseen, so what it costs is never told: it is booked at its worst
  // case, before it is sent.
  Result<void> on_hedge(std::int64_t waited_ms) override {
    Ask again = ask_;
    again.want_output = again.least_output = reservation_.max_output;
    // What is not free now is not waited for: the first request goes on meanwhile.
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    MIX_TRY(const Reservation second,
            budget_.reserve(pot_, again, Cancel{tools_.cancel.stop, soon}));
    const CallLabels& at = request_.labels;
    const auto written = tools_.journal.append(
        CallRetried{at.key, at.seat, asked_, at.step, "hedged",
                    "no byte came in time, sent a second time; the later answer is given up",
                    waited_ms, second.amount});
    budget_.settle(second, written ? second.amount : Money{});
    return written ? Result<void>{} : fail(written.error());
  }

  void on_delta(std::string_view text) override {
    tools_.console.progress(request_.labels.step, text);
  }

  // A path that forgets to settle costs the worst case, never nothing.
  ~Bookkeeper() override { settle(reservation_.amount); }
  Bookkeeper(const Bookkeeper&) = delete;
  Bookkeeper& operator=(const Bookkeeper&) = delete;

  void settle(Money actual) {
    if (!settled_) budget_.settle(reservation_, actual);
    settled_ = true;
  }
  Money reserved() const { return settled_ ? Money{} : reservation_.amount; }

 private:
  Tools& tools_;
  Budget& budget_;
  const CallSite& site_;
  const Pot& pot_;
  const ChatRequest& request_;
  const Ask ask_;
  Reservation reservation_;
  std::string asked_;  // the model, or who stands in for it by now
  bool settled_ = false;
};

// The dearest among the model and everyone who may stand in for it.
Money dearest(const Lineup& lineup, const CallSite& site,
              const std::function<Money(const Price&)>& part) {
  Money most = site.model.price ? part(*site.model.price) : Money{};
  for (const auto* names : {&site.model.fallback, &site.seat.fallback}) {
    for (const std::string& name : *names) {
      const Model* other = lineup.model(name);
      if (other != nullptr && other->price) most = std::max(most, part(*other->price));
    }
  }
  return most;
}

// However the provider's cache counts the prompt.
Money dearest_input(const Price& price) {
  return std::max({price.input, price.cached_input, price.cache_write});
}

// What everyone who may serve the call will count at most.
std::int64_t most_input(ModelBook& book, const CallSite& site, const ChatRequest& request,
                        const TokenShape& shape) {
  const std::int64_t worst = most_tokens(request);
  std::vector<std::string> names = {site.model.name};
  for (const auto* more : {&site.model.fallback, &site.seat.fallback}) {
    names.insert(names.end(), more->begin(), more->end());
  }
  std::int64_t most = 0;
  for (const std::string& name : names) {
    const TokenSample before = name == site.model.name ? site.before : TokenSample{};
    most =
        std::max(most, std::min(worst, book.tokens(name).at_most(shape, before).value_or(worst)));
  }
  return most;
}

std::size_t bytes_in(const Part& part) {
  struct Size {
    std::size_t operator()(const TextPart& p) const { return p.text.size(); }
    std::size_t operator()(const ReasoningPart& p) const { return p.text.size() + of(p.opaque); }
    std::size_t operator()(const ImagePart&) const { return 8192; }
    std::size_t operator()(const ToolCallPart& p) const {
      return p.name.size() + p.arguments.size() + of(p.opaque);
    }
    std::size_t operator()(const ToolResultPart& p) const { return p.text.size(); }
    std::size_t operator()(const RefusalPart& p) const { return p.text.size(); }
    std::size_t operator()(const RawPart& p) const { return p.opaque.json.size(); }
    static std::size_t of(const std::vector<Opaque>& opaque) {
      std::size_t sum = 0;
      for (const Opaque& o : opaque) sum += o.json.size();
      return sum;
    }
  };
  return std::visit(Size{}, part);
}

}  // namespace

std::int64_t most_tokens(const ChatRequest& request) {
  std::size_t bytes = request.response_schema.size();
  for (const Message& message : request.messages) {
    bytes += 64;
    for (const Part& part : message.parts) bytes += 16 + bytes_in(part);
  }
  for (const ToolDef& tool : request.tools) {
    bytes += 64 + tool.name.size() + tool.description.size() + tool.schema.size();
  }
  return static_cast<std::int64_t>(bytes / 2 + 1);
}

Result<ChatReply> Caller::ask(ChatRequest request, const CallSite& site) {
  request.model = site.model.name;
  request.max_output = std::min(site.seat.max_output, site.model.max_output);
  request.temperature = site.seat.temperature;
  // The hash names what is asked, not how much of the answer the pot allows today.
  const std::string body = encode_request(request);
  const std::string hash = sha256_hex(body);
  MIX_TRY(const auto recorded, tools_.journal.recorded(request.labels.key, hash));
  if (recorded) return decode_reply(*recorded);

  const Lineup& lineup = tools_.config.lineup;
  const TokenShape shape = shape_of(request);
  const Ask ask{dearest(lineup, site, dearest_input) * most_input(book_, site, request, shape),
                dearest(lineup, site, [](const Price& price) { return price.output; }),
                request.max_output};
  Pot pot = site.pot;
  pot.seat = site.seat.name;
  MIX_TRY(const Reservation reservation, budget_.reserve(pot, ask, tools_.cancel));
  request.max_output = reservation.max_output;
  Bookkeeper books(tools_, budget_, site, pot, request, ask, reservation);

  const CallLabels& at = request.labels;
  const auto written = [&]() -> Result<void> {
    MIX_TRY(const BlobId blob, tools_.journal.put(body));
    MIX_OK(tools_.journal.append(CallStarted{at.key, at.seat, site.model.name, site.model.provider,
                                             at.step, at.attempt, blob.text, hash,
                                             reservation.amount}));
    return {};
  }();
  if (!written) {
    books.settle(Money{});
    return fail(written.error());
  }

  const std::int64_t started = tools_.clock.steady_ms();
  auto reply = tools_.models.ask(request, books, tools_.cancel);
  if (!reply) {
    const Money cost = reply.error().partial_output ? books.reserved() : Money{};
    books.settle(cost);
    MIX_OK(tools_.journal.append(CallFailed{at.key, at.seat, site.model.name, at.step,
                                            to_string(reply.error().code), describe(reply.error()),
                                            cost}));
    return reply;
  }
  const Model* stand_in = lineup.model(reply->origin.model);
  const Model& served = stand_in != nullptr ? *stand_in : site.model;
  const Money cost = reply->usage.reported ? cost_of(reply->usage, served) : books.reserved();
  MIX_TRY(const BlobId blob, tools_.journal.put(encode_reply(*reply)));
  const CallCompleted done{at.key,
                           at.seat,
                           served.name,
                           served.provider,
                           at.step,
                           at.attempt,
                           reply->usage,
                           cost,
                           tools_.clock.steady_ms() - started,
                           std::string(enum_name(reply->stop)),
                           blob.text,
                           shape};
  MIX_OK(tools_.journal.append(done));
  book_.learn(done);
  books.settle(cost);
  return reply;
}

}  // namespace mixagent
