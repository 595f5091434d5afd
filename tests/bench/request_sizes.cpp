// What a story's models are sent: request_sizes PROGRAM STORY... prints the bytes and tokens
// (characters / 4 of tools, system and messages, as the other tools were measured) of every
// request.

#include "base/json.h"
#include "scenario/stage.h"
#include "scenario/story.h"
#include "support/child_process.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace mixagent {

namespace {

std::size_t tokens_of(const Json& value) {
  return value.is_null() ? 0 : (value.dump().size() + 3) / 4;
}

void print_request(const ServerRequest& request, std::size_t& sum) {
  const Json body = Json::parse(request.body, nullptr, false);
  const Json messages = body.value("messages", Json::array());
  std::size_t system = 0, rest = 0;
  for (const Json& message : messages) {
    (message.value("role", "") == "system" ? system : rest) += tokens_of(message);
  }
  const std::size_t tools = tokens_of(body.value("tools", Json()));
  sum += tools + system + rest;
  std::printf("%2d  %-16s %7zu bytes  %5zu tokens: tools %5zu, system %5zu, messages %5zu\n",
              request.number, body.value("model", "").c_str(), request.body.size(),
              tools + system + rest, tools, system, rest);
}

int print_story(const std::string& program, const std::string& file) {
  const auto story = read_story(file);
  if (!story) {
    std::fprintf(stderr, "%s\n", describe(story.error()).c_str());
    return 1;
  }
  ModelServer::Settings settings;
  settings.script = story->replies;
  settings.key = test_key;
  ModelServer server(std::move(settings));
  Stage stage(*story, server.port());
  ChildSpec spec;
  spec.argv = {program};
  for (const std::string& argument : story->runs[0].args) spec.argv.push_back(stage.fill(argument));
  spec.cwd = stage.repository();
  spec.env = stage.environment(*story, story->runs[0]);
  spec.output = stage.root() / "out";
  spec.errors = stage.root() / "err";
  Child child(spec);
  const auto status = child.wait(std::chrono::milliseconds(60'000));
  std::size_t sum = 0;
  std::printf("%s\n", story->about.c_str());
  for (const ServerRequest& request : server.requests()) print_request(request, sum);
  std::printf("    %zu requests, %zu tokens in all\n\n", server.requests().size(), sum);
  return status == 0 ? 0 : 1;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PROGRAM STORY...\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const std::string program = std::filesystem::absolute(argv[1]);
  int status = 0;
  for (int i = 2; i < argc; ++i) status |= mixagent::print_story(program, argv[i]);
  return status;
}
