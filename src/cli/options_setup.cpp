#include "cli/options_setup.h"

#include "base/text.h"
#include "cli/goal_of.h"
#include "cli/wiring.h"

#include <algorithm>
#include <memory>

namespace mixagent {

namespace {

void declare_init(const CommandFrame& frame) {
  CLI::App& app = frame.command("init", "Write a commented mixagent.toml for this repository",
                                "  mixagent init\n  mixagent init --force");
  const auto options = std::make_shared<InitOptions>();
  app.add_flag("--force", options->force, "Replace an existing one");
  app.callback([frame, options] {
    frame.chosen = [frame, options] {
      frame.context.cwd = frame.directory();
      options->config = frame.config_flags();
      return cmd_init(*options, frame.context);
    };
  });
}

void declare_doctor(const CommandFrame& frame, const SetupPorts& ports) {
  CLI::App& app = frame.command("doctor", "Say what works here: git, sandbox, keys, seats",
                                "  mixagent doctor\n  mixagent doctor --offline");
  const auto options = std::make_shared<DoctorOptions>();
  app.add_flag("--offline", options->offline, "No call to any model");
  app.callback([frame, ports, options] {
    frame.chosen = [frame, ports, options] {
      frame.context.cwd = frame.directory();
      options->config = frame.config_flags();
      options->processes = &ports.processes;
      options->connect = [frame, ports](const Config& config) {
        return connect_models(config.lineup, frame.context.env, ports.processes, ports.clock,
                              ports.random);
      };
      options->sandbox_lines = [frame, ports] {
        return sandbox_lines(frame.context, ports.processes);
      };
      return cmd_doctor(*options, frame.context);
    };
  });
}

void declare_config(const CommandFrame& frame) {
  CLI::App& app =
      frame.command("config", "Show the effective configuration",
                    "  mixagent config --show-origin\n  mixagent config budget\n"
                    "  mixagent config trust         (let this folder's mixagent.toml loosen "
                    "things)");
  const auto options = std::make_shared<ConfigOptions>();
  app.add_option("KEY", options->key,
                 "A key or its beginning; `trust` trusts this folder's mixagent.toml, `untrust` "
                 "takes that back");
  app.add_flag("--show-origin", options->show_origin, "Where each value came from");
  app.callback([frame, options] {
    frame.chosen = [frame, options] {
      frame.context.cwd = frame.directory();
      options->config = frame.config_flags();
      options->trust = options->key == "trust";
      options->untrust = options->key == "untrust";
      if (options->trust || options->untrust) options->key.clear();
      return cmd_config(*options, frame.context);
    };
  });
}

void declare_models(const CommandFrame& frame, const SetupPorts& ports) {
  CLI::App& app =
      frame.command("models", "List models, prices and who can be reached",
                    "  mixagent models\n  mixagent models deepseek\n  mixagent models --all");
  const auto options = std::make_shared<ModelsOptions>();
  app.add_option("FILTER", options->filter, "Part of a name, family or provider");
  app.add_flag("--all", options->all, "Also those without a key, and all that providers list");
  app.add_flag("--refresh", options->refresh, "Ask the providers, although their lists are young");
  app.add_flag("--offline", options->offline, "Ask nobody: show the lists at hand");
  app.add_flag("--drift", options->drift, "Do models still count tokens as they used to?");
  app.callback([frame, ports, options] {
    frame.chosen = [frame, ports, options] {
      frame.context.cwd = frame.directory();
      options->config = frame.config_flags();
      options->fetch = [frame, ports](const Provider& provider) {
        return list_models(provider, frame.context.env, ports.processes);
      };
      options->samples = [frame, ports] { return token_samples(frame.context, ports.clock); };
      return cmd_models(*options, frame.context);
    };
  });
}

void declare_seats(const CommandFrame& frame) {
  CLI::App& app = frame.command(
      "seats", "Show who sits where",
      "  mixagent seats\n  mixagent seats -c 'seats.reviewer.model=\"openai/gpt-5.4\"'");
  const auto options = std::make_shared<SeatsOptions>();
  app.callback([frame, options] {
    frame.chosen = [frame, options] {
      frame.context.cwd = frame.directory();
      options->config = frame.config_flags();
      return cmd_seats(*options, frame.context);
    };
  });
}

// Flags of `sandbox` that are short for configuration keys.
struct SandboxFlags {
  SandboxRunOptions options;
  std::string level, timeout;
  int memory_mb = 0, disk_mb = 0;
};

int run_sandbox(SandboxFlags& flags, const CommandFrame& frame, const SetupPorts& ports) {
  SandboxRunOptions& options = flags.options;
  options.directory = frame.directory();
  options.config = frame.config_flags();
  options.words = ports.sandbox_words;
  const auto set = [&](const char* name, const char* key, const std::string& value) {
    options.config.flags.push_back({name, key, value});
  };
  if (!flags.level.empty()) set("--sandbox", "sandbox.isolation", flags.level);
  if (flags.memory_mb != 0)
    set("--memory-mb", "sandbox.memory_mb", std::to_string(flags.memory_mb));
  if (flags.disk_mb != 0) set("--disk-mb", "sandbox.disk_mb", std::to_string(flags.disk_mb));
  if (!flags.timeout.empty()) {
    const auto seconds = parse_duration(flags.timeout);
    if (!seconds) return report_error(seconds.error(), frame.context);
    options.timeout_s = static_cast<int>(std::min<std::int64_t>(*seconds, 86'400));
  }
  return cmd_sandbox(options, frame.context);
}

void declare_sandbox(const CommandFrame& frame, const SetupPorts& ports) {
  CLI::App& app = frame.command(
      "sandbox", "Run one command as a worker's step would, in a throw-away copy",
      "  mixagent sandbox -- make test\n"
      "  mixagent sandbox --timeout 60 --apply -- bash -c 'npm run format'\n\n"
      "Exit status: the command's own, 124 at the timeout, 137 killed by a limit, 8 no sandbox.");
  const auto flags = std::make_shared<SandboxFlags>();
  app.add_option("--timeout", flags->timeout, "Stop after 90s, 30m or 2h")->type_name("TIME");
  app.add_option("--memory-mb", flags->memory_mb, "Memory of all its processes")->type_name("N");
  app.add_option("--disk-mb", flags->disk_mb, "What it may write")->type_name("N");
  app.add_option("--sandbox", flags->level,
                 "full, reduced, external (this machine is a throw-away one) or none")
      ->type_name("LEVEL");
  app.add_flag("--apply", flags->options.apply, "Bring what it changed into the working tree");
  app.add_option("--report", flags->options.report,
                 "Write a line a changed or refused path to FILE")
      ->type_name("FILE");
  app.add_option("--flags", flags->options.flags, "Write the paths that run by themselves to FILE")
      ->type_name("FILE");
  app.callback([frame, ports, flags] {
    frame.chosen = [frame, ports, flags] { return run_sandbox(*flags, frame, ports); };
  });
}

}  // namespace

void declare_setup(const CommandFrame& frame, const SetupPorts& ports) {
  declare_sandbox(frame, ports);
  declare_init(frame);
  declare_doctor(frame, ports);
  declare_config(frame);
  declare_models(frame, ports);
  declare_seats(frame);
}

}  // namespace mixagent
