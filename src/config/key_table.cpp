#include "config/keys.h"

namespace mixagent {

namespace {

using D = ConfigDraft;
using N = std::vector<std::string>;
using V = KeyValue;

Provider& provider_of(D& draft, const N& names) {
  Provider& provider = draft.config.lineup.providers[names[0]];
  provider.name = names[0];
  return provider;
}

Model& model_of(D& draft, const N& names) {
  Model& model = draft.config.lineup.models[names[0]];
  model.name = names[0];
  return model;
}

int as_int(const V& value) {
  return static_cast<int>(value.whole);
}

// A seat's setting also goes to the seats that start from it, unless those say otherwise
// themselves.
template <class Change>
void change_seat(D& draft, const std::string& name, const char* setting, bool model,
                 Change change) {
  change(draft.config.lineup.seats[name]);
  for (auto& [other, seat] : draft.config.lineup.seats) {
    const SeatFile& file = draft.seats.at(other);
    if (file.inherits != name || (model && file.off_by_default())) continue;
    if (draft.given.count("seats." + other + "." + setting) != 0) continue;
    if (model && draft.given.count("seats." + other + ".model") != 0) continue;
    change(seat);
  }
}

void set_ladder(D& draft, const N& names, const std::vector<std::string>& ladder) {
  change_seat(draft, names[0], "ladder", true, [&](Seat& seat) { seat.ladder = ladder; });
}

void set_rounds(D& draft, int rounds) {
  draft.config.review.rounds = rounds;
  draft.config.lineup.seats["reviewer"].rounds = rounds;
}

void set_score(D& draft, const V& value) {
  draft.config.review.adaptive = !value.text.empty();
  if (value.text.empty()) draft.config.review.accept_score = value.number;
}

constexpr auto A = Trust::anywhere;
constexpr auto T = Trust::tighten;
constexpr auto U = Trust::user_only;

std::vector<Key> provider_keys() {
  return {
      {"providers.*.api",
       choice_value("openai-chat|openai-responses|anthropic-messages|gemini|replay"), "",
       "the provider's interface; replay answers from a recording", U,
       [](D& d, const N& n, const V& v) {
         provider_of(d, n).dialect = static_cast<Dialect>(v.whole);
       }},
      {"providers.*.base_url", text_value(), "",
       "address up to the version (\".../v1\"); for replay a scenario file or a run directory", U,
       [](D& d, const N& n, const V& v) { provider_of(d, n).base_url = v.text; }},
      {"providers.*.api_key_env", text_value(), "", "name of the variable that holds the key", U,
       [](D& d, const N& n, const V& v) { provider_of(d, n).api_key_env = v.text; }},
      {"providers.*.api_key_cmd", text_value(), "", "command that prints the key", U,
       [](D& d, const N& n, const V& v) { provider_of(d, n).api_key_cmd = v.text; }},
      {"providers.*.max_concurrency", whole_value(0, 10'000), "",
       "calls at the same time; 0: no limit", U,
       [](D& d, const N& n, const V& v) { provider_of(d, n).max_concurrency = as_int(v); }},
      {"providers.*.stall_timeout_s", whole_value(1, 3600), "",
       "seconds without a byte after which a call is given up (60)", U,
       [](D& d, const N& n, const V& v) { provider_of(d, n).stall_timeout_s = as_int(v); }},
      {"providers.*.hedge_after_ms", whole_value(0, 600'000), "",
       "ask a second time when the first byte takes longer; 0: never", U,
       [](D& d, const N& n, const V& v) { provider_of(d, n).hedge_after_ms = as_int(v); }},
      {"providers.*.allow_http", boolean_value(), "",
       "allow plain http:// to other machines (keys travel readable)", U,
       [](D& d, const N& n, const V& v) { provider_of(d, n).allow_http = v.yes; }},
  };
}

std::vector<Key> model_keys() {
  return {
      {"models.*.provider", text_value(), "", "who serves it", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).provider = v.text; }},
      {"models.*.id", text_value(), "", "the provider's own name for it (the name itself)", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).id = v.text; }},
      {"models.*.family", text_value(), "", "who trained it; reviews go to another family", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).family = v.text; }},
      {"models.*.tier", whole_value(1, 3), "", "1 budget, 2 balanced, 3 frontier", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).tier = as_int(v); }},
      {"models.*.window", whole_value(1'000, 100'000'000), "", "tokens of input (128000)", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).window = v.whole; }},
      {"models.*.max_output", whole_value(256, 10'000'000), "", "tokens of output (8192)", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).max_output = v.whole; }},
      {"models.*.protocol", choice_value("native|text"), "",
       "native tool calls, or actions as blocks of text", A,
       [](D& d, const N& n, const V& v) {
         model_of(d, n).protocol = static_cast<Protocol>(v.whole);
       }},
      {"models.*.edit_format", choice_value("auto|whole|blocks"), "",
       "how it changes files: whole files, or search and replace", A,
       [](D& d, const N& n, const V& v) {
         model_of(d, n).edit_format = static_cast<EditFormat>(v.whole);
       }},
      {"models.*.images", boolean_value(), "", "reads images", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).images = v.yes; }},
      {"models.*.structured_output", boolean_value(), "", "keeps to a JSON schema", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).structured_output = v.yes; }},
      {"models.*.reasoning", boolean_value(), "", "thinks before it answers", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).reasoning = v.yes; }},
      {"models.*.fallback", list_value(), "", "models for when this one cannot be reached", A,
       [](D& d, const N& n, const V& v) { model_of(d, n).fallback = v.list; }},
      {"models.*.price.input", money_value(), "", "USD per 1,000,000 tokens", U,
       [](D& d, const N& n, const V& v) {
         model_of(d, n);
         d.prices[n[0]]["input"] = v.money.value_or(Money{});
       }},
      {"models.*.price.output", money_value(), "", "USD per 1,000,000 tokens", U,
       [](D& d, const N& n, const V& v) {
         model_of(d, n);
         d.prices[n[0]]["output"] = v.money.value_or(Money{});
       }},
      {"models.*.price.cached_input", money_value(), "", "USD per 1,000,000 tokens (as input)", U,
       [](D& d, const N& n, const V& v) {
         model_of(d, n);
         d.prices[n[0]]["cached_input"] = v.money.value_or(Money{});
       }},
      {"models.*.price.cache_write", money_value(), "", "USD per 1,000,000 tokens (as input)", U,
       [](D& d, const N& n, const V& v) {
         model_of(d, n);
         d.prices[n[0]]["cache_write"] = v.money.value_or(Money{});
       }},
  };
}

std::vector<Key> seat_keys() {
  return {
      {"seats.*.model", text_value(), "", "the one model of the seat", A,
       [](D& d, const N& n, const V& v) { set_ladder(d, n, {v.text}); }},
      {"seats.*.ladder", list_value(), "", "models, weakest first: the next when work fails", A,
       [](D& d, const N& n, const V& v) { set_ladder(d, n, v.list); }},
      {"seats.*.fallback", list_value(), "", "models for when the seat's own cannot be reached", A,
       [](D& d, const N& n, const V& v) {
         change_seat(d, n[0], "fallback", true, [&](Seat& s) { s.fallback = v.list; });
       }},
      {"seats.*.check_retries", whole_value(0, 20), "",
       "how often failing checks go back into the same conversation", A,
       [](D& d, const N& n, const V& v) {
         change_seat(d, n[0], "check_retries", false,
                     [&](Seat& s) { s.check_retries = as_int(v); });
       }},
      {"seats.*.max_turns", whole_value(1, 1000), "", "calls in one conversation", A,
       [](D& d, const N& n, const V& v) {
         change_seat(d, n[0], "max_turns", false, [&](Seat& s) { s.max_turns = as_int(v); });
       }},
      {"seats.*.max_output", whole_value(256, 1'000'000), "", "tokens of one answer", A,
       [](D& d, const N& n, const V& v) {
         change_seat(d, n[0], "max_output", false, [&](Seat& s) { s.max_output = v.whole; });
       }},
      {"seats.*.rounds", whole_value(1, 10), "", "reviewer: rounds of review", A,
       [](D& d, const N& n, const V& v) {
         d.config.lineup.seats[n[0]].rounds = as_int(v);
         if (n[0] == "reviewer") set_rounds(d, as_int(v));
       }},
      {"seats.*.temperature", number_value(0, 2), "", "sampling; unset: the provider's own", A,
       [](D& d, const N& n, const V& v) {
         change_seat(d, n[0], "temperature", false, [&](Seat& s) { s.temperature = v.number; });
       }},
  };
}

std::vector<Key> budget_keys() {
  return {
      {"budget.run_usd", money_value(), "2.00", "most that one run may spend", T,
       [](D& d, const N&, const V& v) { d.config.budget.run = v.money; }},
      {"budget.step_usd", money_value(), "0.50", "most that one step may spend", T,
       [](D& d, const N&, const V& v) { d.config.budget.step = v.money; }},
      {"budget.day_usd", money_value(), "20.00", "most that all runs of a day may spend", T,
       [](D& d, const N&, const V& v) { d.config.budget.day = v.money; }},
      {"budget.month_usd", money_value(), "\"none\"", "most that all runs of a month may spend", T,
       [](D& d, const N&, const V& v) { d.config.budget.month = v.money; }},
      {"budget.seats.*", money_value(), "", "most that a seat may spend in one run", T,
       [](D& d, const N& n, const V& v) {
         d.config.budget.seats.erase(n[0]);
         if (v.money) d.config.budget.seats[n[0]] = *v.money;
       }},
      {"budget.escalation_reserve", number_value(0, 0.9), "0.3",
       "share of run_usd kept for rungs above the first", A,
       [](D& d, const N&, const V& v) { d.config.budget.escalation_reserve = v.number; }},
  };
}

std::vector<Key> verify_keys() {
  return {
      {"verify.setup", list_value(), "[]", "commands that prepare a workspace", A,
       [](D& d, const N&, const V& v) { d.config.verify.setup = v.list; }},
      {"verify.setup_inputs", list_value(), "[]", "files whose change makes setup run again", A,
       [](D& d, const N&, const V& v) { d.config.verify.setup_inputs = v.list; }},
      {"verify.checks", checks_value(), "[]",
       "commands that decide; else what the repository's files suggest", A,
       [](D& d, const N&, const V& v) { d.config.verify.checks = v.checks; }},
      {"verify.fix", list_value(), "[]", "commands that run before the checks; formatters", A,
       [](D& d, const N&, const V& v) { d.config.verify.fix = v.list; }},
      {"verify.protect", list_value(), "[]", "paths that workers may not change", A,
       [](D& d, const N&, const V& v) { d.config.verify.protect = v.list; }},
      {"verify.known_failing", list_value(), "[]", "checks that are only reported", A,
       [](D& d, const N&, const V& v) { d.config.verify.known_failing = v.list; }},
      {"verify.check_jobs", whole_value(1, 64), "1", "checks at the same time", A,
       [](D& d, const N&, const V& v) { d.config.verify.check_jobs = as_int(v); }},
      {"verify.refuse_flagged", boolean_value(), "false",
       "refuse changes to files that run by themselves", A,
       [](D& d, const N&, const V& v) { d.config.verify.refuse_flagged = v.yes; }},
  };
}

std::vector<Key> sandbox_keys() {
  return {
      {"sandbox.isolation", choice_value("full|reduced|external|none"), "\"full\"",
       "how commands are kept from the machine", T,
       [](D& d, const N&, const V& v) {
         d.config.sandbox.isolation = static_cast<Isolation>(v.whole);
       }},
      {"sandbox.network", choice_value("none|proxy|host"), "\"none\"",
       "network of workers and checks", T,
       [](D& d, const N&, const V& v) {
         d.config.sandbox.network = static_cast<NetworkMode>(v.whole);
       }},
      {"sandbox.allow_hosts", list_value(), "[]", "hosts that setup may reach", T,
       [](D& d, const N&, const V& v) { d.config.sandbox.allow_hosts = v.list; }},
      {"sandbox.read_only", list_value(), "[]", "further paths that commands may read", T,
       [](D& d, const N&, const V& v) { d.config.sandbox.read_only = v.list; }},
      {"sandbox.writable", list_value(), "[]", "further paths that commands may write", T,
       [](D& d, const N&, const V& v) { d.config.sandbox.writable = v.list; }},
      {"sandbox.env_pass", list_value(), "[]", "variables that commands get to see", T,
       [](D& d, const N&, const V& v) { d.config.sandbox.env_pass = v.list; }},
      {"sandbox.unix_sockets", list_value(), "[]", "sockets that commands may use", T,
       [](D& d, const N&, const V& v) { d.config.sandbox.unix_sockets = v.list; }},
      {"sandbox.carry", list_value(),
       R"(["node_modules", ".venv", "venv", "vendor", "target", "build"])",
       "ignored folders that come along", T,
       [](D& d, const N&, const V& v) { d.config.sandbox.carry = v.list; }},
      {"sandbox.cache.*", choice_value("ro|private|rw"), "", "how a cache folder is given", U,
       [](D& d, const N& n, const V& v) { d.config.sandbox.cache[n[0]] = v.text; }},
      {"sandbox.memory_mb", whole_value(64, 4'194'304), "4096", "memory of a command", A,
       [](D& d, const N&, const V& v) { d.config.sandbox.memory_mb = as_int(v); }},
      {"sandbox.disk_mb", whole_value(16, 4'194'304), "8192", "disk of a workspace", A,
       [](D& d, const N&, const V& v) { d.config.sandbox.disk_mb = as_int(v); }},
      {"sandbox.processes", whole_value(8, 65'536), "512", "processes of a command", A,
       [](D& d, const N&, const V& v) { d.config.sandbox.processes = as_int(v); }},
      {"sandbox.timeout_s", whole_value(1, 86'400), "600", "seconds of a command", A,
       [](D& d, const N&, const V& v) { d.config.sandbox.timeout_s = as_int(v); }},
  };
}

std::vector<Key> run_keys() {
  return {
      {"review.enabled", boolean_value(), "true", "whether changes are reviewed", A,
       [](D& d, const N&, const V& v) { d.config.review.enabled = v.yes; }},
      {"review.accept_score", score_value(), "0.7",
       "an approval from this score on accepts; \"adaptive\": 0.6 where a check proves the change, "
       "else 0.8",
       A, [](D& d, const N&, const V& v) { set_score(d, v); }},
      {"review.accept_score.*", number_value(0, 1), "", "the same for one action of steps", A,
       [](D& d, const N& n, const V& v) { d.config.review.accept_by_action[n[0]] = v.number; }},
      {"review.rounds", whole_value(1, 10), "2", "rounds of review", A,
       [](D& d, const N&, const V& v) { set_rounds(d, as_int(v)); }},
      {"planner.allow_code", boolean_value(), "false", "accept plans that hold code", A,
       [](D& d, const N&, const V& v) { d.config.planner_allow_code = v.yes; }},
      {"run.jobs", whole_value(1, 1024), "4", "steps at the same time", A,
       [](D& d, const N&, const V& v) { d.config.run.jobs = as_int(v); }},
      {"run.lane", choice_value("auto|solo|plan"), "\"auto\"", "who starts", A,
       [](D& d, const N&, const V& v) { d.config.run.lane = static_cast<Lane>(v.whole); }},
      {"run.max_plan_steps", whole_value(1, 100'000), "500", "steps that a plan may have", A,
       [](D& d, const N&, const V& v) { d.config.run.max_plan_steps = as_int(v); }},
  };
}

}  // namespace

const std::vector<Key>& config_keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all;
    for (auto& part : {provider_keys(), model_keys(), seat_keys(), budget_keys(), verify_keys(),
                       sandbox_keys(), run_keys()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return keys;
}

}  // namespace mixagent
