# Every source file of the library, room by room from below. scripts/layers.py compares this list with what is there.
set(MIXAGENT_SOURCES
  src/base/digest.cpp src/base/glob.cpp src/base/json.cpp src/base/log.cpp src/base/regex.cpp src/base/template.cpp
  src/base/text.cpp src/base/text_utf8.cpp src/base/toml.cpp
  src/core/account.cpp src/core/actions.cpp src/core/calibration.cpp src/core/change.cpp src/core/codecs.cpp
  src/core/codecs_chat.cpp src/core/conflict.cpp src/core/denied.cpp src/core/diff.cpp src/core/drift.cpp src/core/edit_format.cpp src/core/edit_places.cpp
  src/core/edits.cpp src/core/error.cpp src/core/forget.cpp src/core/gates.cpp src/core/journal_once.cpp
  src/core/junit.cpp src/core/line_match.cpp src/core/meant.cpp src/core/message.cpp src/core/model.cpp
  src/core/money.cpp src/core/patch_text.cpp src/core/plan_rules.cpp src/core/price.cpp src/core/reply_blocks.cpp
  src/core/review_rules.cpp src/core/run_state.cpp src/core/test_notes.cpp src/core/test_results.cpp
  src/core/text_protocol.cpp src/core/verdict.cpp
  src/system/beneath.cpp src/system/change_at.cpp src/system/clock_system.cpp src/system/files.cpp
  src/system/folders.cpp src/system/git.cpp src/system/head_tail.cpp src/system/http_curl.cpp
  src/system/http_inbox.cpp src/system/overlay_files.cpp src/system/process_posix.cpp src/system/process_stamp.cpp
  src/system/signals.cpp src/system/sqlite.cpp src/system/switch_files.cpp src/system/terminal.cpp
  src/config/api_keys.cpp src/config/catalog.cpp src/config/detect.cpp src/config/key_table.cpp src/config/keys.cpp
  src/config/lineup.cpp src/config/load.cpp src/config/models.cpp src/config/prompts.cpp src/config/seats.cpp
  src/config/settings.cpp src/config/values.cpp
  src/provider/adapt.cpp src/provider/address.cpp src/provider/chat_completions.cpp src/provider/chat_quirks.cpp
  src/provider/chat_reader.cpp src/provider/client.cpp src/provider/decoder.cpp src/provider/errors.cpp
  src/provider/gemini.cpp src/provider/gemini_reader.cpp src/provider/hedge.cpp src/provider/messages.cpp
  src/provider/messages_reader.cpp src/provider/model_list.cpp src/provider/models.cpp src/provider/rate_headers.cpp
  src/provider/rate_limits.cpp src/provider/replay.cpp src/provider/responses.cpp src/provider/responses_reader.cpp
  src/provider/retry.cpp src/provider/scenario.cpp src/provider/sse.cpp src/provider/throttle.cpp
  src/provider/wire_pieces.cpp
  src/context/context.cpp src/context/ctags.cpp src/context/excerpt.cpp src/context/facts.cpp
  src/context/facts_cache.cpp src/context/history.cpp src/context/index.cpp src/context/links.cpp src/context/map.cpp
  src/context/notes.cpp src/context/pack.cpp src/context/ranges.cpp src/context/rank.cpp src/context/signatures.cpp
  src/context/words.cpp
  src/workspace/apply.cpp src/workspace/carry.cpp src/workspace/collect.cpp src/workspace/commit.cpp
  src/workspace/commit_prepare.cpp src/workspace/copy_on_disk.cpp src/workspace/git_trees.cpp src/workspace/ignore.cpp
  src/workspace/layers.cpp src/workspace/links.cpp
  src/workspace/merge.cpp src/workspace/names.cpp src/workspace/overlay_copy.cpp src/workspace/read_ignores.cpp
  src/workspace/snapshot.cpp src/workspace/stat_cache.cpp src/workspace/step_copy.cpp src/workspace/store.cpp
  src/workspace/throw_away_git.cpp src/workspace/walk.cpp src/workspace/workspaces.cpp
  src/sandbox/bwrap.cpp src/sandbox/cgroup.cpp src/sandbox/environment.cpp src/sandbox/etc.cpp
  src/sandbox/extract.cpp src/sandbox/launch.cpp src/sandbox/policy.cpp src/sandbox/private_uid.cpp src/sandbox/probe.cpp src/sandbox/proxy.cpp
  src/sandbox/proxy_rules.cpp src/sandbox/remedy.cpp src/sandbox/seccomp_filter.cpp src/sandbox/throw_away.cpp src/sandbox/toolchains.cpp
  src/journal/blobs.cpp src/journal/check_memory.cpp src/journal/journal_file.cpp src/journal/ledger.cpp
  src/journal/ledger_models.cpp src/journal/ledger_stats.cpp src/journal/reader.cpp src/journal/run_index.cpp
  src/journal/secrets.cpp
  src/engine/advisor.cpp src/engine/attempt.cpp src/engine/budget.cpp src/engine/caller.cpp
  src/engine/check_command.cpp src/engine/checks.cpp src/engine/command.cpp src/engine/conversation.cpp
  src/engine/deliver.cpp src/engine/dispatch.cpp src/engine/estimate.cpp src/engine/files.cpp src/engine/finish.cpp
  src/engine/gate.cpp src/engine/hands.cpp src/engine/integrate.cpp src/engine/ladder.cpp src/engine/model_book.cpp
  src/engine/planner.cpp src/engine/reconcile.cpp src/engine/replan.cpp src/engine/result.cpp src/engine/reviewer.cpp src/engine/run.cpp src/engine/scout.cpp src/engine/setup.cpp
  src/engine/step.cpp src/engine/survey.cpp src/engine/tests_first.cpp src/engine/texts.cpp
  src/view/jsonl.cpp src/view/live.cpp src/view/narrate.cpp src/view/progress.cpp src/view/report.cpp
  src/view/show.cpp src/view/summary.cpp src/view/table.cpp src/view/words.cpp
  src/cli/cmd_apply.cpp src/cli/cmd_config.cpp src/cli/cmd_context.cpp src/cli/cmd_cost.cpp src/cli/cmd_diff.cpp
  src/cli/cmd_doctor.cpp src/cli/cmd_init.cpp src/cli/cmd_models.cpp src/cli/cmd_report.cpp src/cli/cmd_run.cpp
  src/cli/cmd_runs.cpp src/cli/cmd_sandbox.cpp src/cli/cmd_seats.cpp src/cli/cmd_show.cpp src/cli/cmd_stats.cpp
  src/cli/config_sources.cpp src/cli/detect_here.cpp src/cli/goal_of.cpp src/cli/inspect.cpp src/cli/isolate.cpp
  src/cli/live_models.cpp src/cli/money_tables.cpp src/cli/options.cpp src/cli/options_looks.cpp src/cli/options_setup.cpp
  src/cli/overlay_probe.cpp src/cli/price_cells.cpp src/cli/run_record.cpp src/cli/seat_table.cpp src/cli/wiring.cpp)
