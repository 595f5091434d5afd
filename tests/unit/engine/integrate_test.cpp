// Steps brought together, without a run around them: what is asked, journalled and kept.

#include "engine/integrate.h"

#include "engine/advisor.h"
#include "engine/finish.h"
#include "engine/reconcile.h"
#include "engine/reviewer.h"
#include "engine/scout.h"
#include "unit/engine/world.h"

#include <doctest/doctest.h>

#include <list>
#include <string>
#include <vector>

using namespace mixagent;  // NOLINT(google-build-using-namespace)

namespace {

// A repository of one file, and steps that were done on it apart from each other.
struct Fixture {
  explicit Fixture(const std::string& text = "one\n") : world(Files{{"shared.txt", text}}) {
    context.snapshot = world.workspaces.snapshot().value();
  }

  Tree with(const std::string& path, const std::string& text, FileMode mode = FileMode::regular) {
    Tree tree = context.snapshot.tree;
    tree[path] = {world.workspaces.put(text).value(), mode, static_cast<std::int64_t>(text.size())};
    return tree;
  }

  // Passed `check-ID` alone.
  Integration::Member member(const std::string& id, const Tree& tree) {
    Step step;
    step.id = step.title = id;
    step.checks.emplace_back().command = "check-" + id;
    steps.push_back(step);
    StepOutcome outcome;
    outcome.id = id;
    outcome.status = StepStatus::verified;
    outcome.model = "small";
    outcome.base = context.snapshot.tree;
    outcome.tree = tree;
    CheckRecord passed;
    passed.command = "check-" + id;
    passed.tree = tree_id(tree).text;
    outcome.checks.push_back(passed);
    return {&steps.back(), outcome, {}};
  }

  // Of two steps that changed the file's one line, the second.
  Result<Reconciled> reconcile_two(const Tree& first, const Integration::Member& second) {
    const auto merge = world.workspaces.merge(context.snapshot.tree, first, second.outcome.tree);
    return reconcile(context,
                     {*second.step, second.outcome, first, merge.value(), "- a\n", "plan:1/r"});
  }

  World world;
  Goal goal;
  Tools tools{world.settings,
              world.prompts,
              world.context,
              world.clock,
              world.journal,
              world.models,
              world.sandbox,
              world.workspaces,
              world.console,
              world.ledger,
              {}};
  Budget budget{world.settings.budget, world.ledger, [](const BudgetWarning&) {}};
  Caller caller{tools, budget};
  RunContext context{goal, tools, caller, {}, {}};
  std::list<Step> steps;
};

std::vector<std::string> told(const std::vector<CheckRecord>& records) {
  std::vector<std::string> out;
  for (const CheckRecord& one : records) out.push_back(one.command + " " + one.tree);
  return out;
}

TEST_CASE("that nobody could be asked about a conflict stays so when the run is taken up again") {
  Fixture f;
  const Tree first = f.with("shared.txt", "first\n");
  const auto second = f.member("b", f.with("shared.txt", "second\n"));
  f.world.models.fails("small", ErrorCode::overloaded, "busy");
  f.world.models.says("small", reply_text("```hunk 1\nboth\n```\n"));
  const auto failed = f.reconcile_two(first, second);
  REQUIRE(failed);
  CHECK(failed->problem == "nobody could be asked: small: busy");
  const auto again = f.reconcile_two(first, second);
  REQUIRE(again);
  CHECK(again->problem == failed->problem);
  CHECK(f.world.models.requests().size() == 1);
}

TEST_CASE("helpers that could not be reached are not asked again, and the words stay the same") {
  Fixture f;
  f.world.settings.lineup.seats["advisor"] = seat("advisor", {}, {"judge"});
  f.world.settings.lineup.seats["scout"] = seat("scout", {}, {"judge"});
  for (int i = 0; i < 3; ++i) f.world.models.fails("judge", ErrorCode::overloaded, "busy");
  ReviewRequest review;
  review.key = "final/review:1";
  const auto all = [&] {
    const auto advice = ask_advisor(f.tools, f.caller, Pot{}, {}, "k/advisor", "why?");
    const auto brief = scout(f.context, "k", "goal", f.context.snapshot.tree, "");
    const auto reviewed = review_diff(f.context, review);
    return std::vector<std::string>{advice.value().text, brief.value(), reviewed.value().note};
  };
  const std::vector<std::string> words = all();
  CHECK(words == std::vector<std::string>{"the advisor cannot be asked: judge: busy", "",
                                          "the reviewer could not be reached: judge: busy"});
  CHECK(all() == words);
  CHECK(f.world.models.requests().size() == 3);
}

TEST_CASE("the answer about a conflict is asked for once, too") {
  Fixture f;
  const Tree first = f.with("shared.txt", "first\n");
  const auto second = f.member("b", f.with("shared.txt", "second\n"));
  f.world.models.says("small", reply_text("```hunk 1\nboth\n```\n"));
  for (int i = 0; i < 2; ++i) {
    const auto settled = f.reconcile_two(first, second);
    REQUIRE(settled);
    CHECK(settled->problem.empty());
    CHECK(f.world.workspaces.bytes(settled->tree.at("shared.txt").blob) == "both\n");
  }
}

TEST_CASE("a file whose conflict is settled has the mode that either side gave it") {
  using Mode = FileMode;
  struct Case {
    Mode head, step, merged;
  };
  for (const Case& one : std::vector<Case>{{Mode::regular, Mode::regular, Mode::regular},
                                           {Mode::executable, Mode::regular, Mode::executable},
                                           {Mode::regular, Mode::executable, Mode::executable}}) {
    Fixture f;
    const Tree first = f.with("shared.txt", "first\n", one.head);
    const auto second = f.member("b", f.with("shared.txt", "second\n", one.step));
    f.world.models.says("small", reply_text("```hunk 1\nboth\n```\n"));
    const auto settled = f.reconcile_two(first, second);
    REQUIRE(settled);
    CHECK(settled->tree.at("shared.txt").mode == one.merged);
  }
}

TEST_CASE("the call about a conflict is paid from the step's own money") {
  Fixture f;
  const Tree first = f.with("shared.txt", "first\n");
  const auto second = f.member("b", f.with("shared.txt", "second\n"));
  f.steps.back().budget_usd = 0.000001;
  const auto refused = f.reconcile_two(first, second);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::budget);
}

TEST_CASE("what the journal does not take is not accepted, and what it took before stays") {
  Fixture f;
  for (const char* id : {"a", "b"}) f.world.sandbox.on(std::string("check-") + id, 0);
  Integration integration(f.context, f.context.snapshot.tree, "plan:1");
  const Tree a = f.with("a.txt", "x");
  CHECK(integration.add(f.member("a", a)) == "");
  CHECK(integration.add(f.member("b", f.with("b.txt", "x"))) == "");
  int asked = 0;
  f.world.journal.refuse([&](const Fact& fact) {
    return std::holds_alternative<ChangeIntegrated>(fact) && ++asked == 2;
  });
  const auto settled = integration.settle();
  REQUIRE(settled.error);
  CHECK(settled.error->code == ErrorCode::io);
  REQUIRE(settled.accepted.size() == 1);
  CHECK(settled.accepted[0].step->id == "a");
  REQUIRE(settled.left.size() == 1);
  CHECK(settled.left[0].step->id == "b");
  CHECK(integration.good() == a);
  const auto facts = f.world.journal.all<ChangeIntegrated>();
  REQUIRE(facts.size() == 1);
  CHECK(facts[0].tree == tree_id(a).text);
}

TEST_CASE("checks that passed on the members before the one at fault are not run again") {
  Fixture f;
  for (const char* id : {"a", "c"}) f.world.sandbox.on(std::string("check-") + id, 0);
  f.world.sandbox.on("check-b", [&f](const SandboxCommand& run) -> Result<CommandResult> {
    CommandResult result;
    result.exit_code = f.world.workspaces.file_at(run.workspace, "c.txt") ? 1 : 0;
    return result;
  });
  Integration integration(f.context, f.context.snapshot.tree, "plan:1");
  for (const char* id : {"a", "b", "c"}) {
    const std::string file = std::string(id) + ".txt";
    CHECK(integration.add(f.member(id, f.with(file, "x"))) == "");
  }
  const auto settled = integration.settle();
  CHECK_FALSE(settled.error);
  REQUIRE(settled.back.size() == 1);
  CHECK(settled.back[0].member.step->id == "c");
  const std::string good = tree_id(integration.good()).text;
  const std::string alone = tree_id(settled.accepted.at(0).head).text;
  CHECK(told(settled.checks) ==
        std::vector<std::string>{"check-a " + alone, "check-a " + good, "check-b " + good});
}

TEST_CASE("a step's check that stands for the final one is compared with the run's base") {
  for (const std::optional<int> base : std::vector<std::optional<int>>{std::nullopt, 0, 1}) {
    Fixture f;
    Dispatched done;
    done.head = f.with("a.txt", "x");
    CheckRecord record;
    record.command = "check-a";
    record.tree = tree_id(done.head).text;
    record.baseline_exit_code = 7;  // of the step's own base
    done.checks.push_back(record);
    Plan plan;
    plan.checks.emplace_back().command = "check-a";
    if (base) {
      record.tree = "base", record.exit_code = *base;
      f.context.baseline.push_back(record);
    }
    const auto records = final_checks(f.context, plan, done, 1, "");
    REQUIRE(records);
    REQUIRE(records->size() == 1);
    CHECK((*records)[0].exit_code == 0);
    CHECK((*records)[0].baseline_exit_code == base);
  }
}

}  // namespace
