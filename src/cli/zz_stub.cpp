#include "cli/commands.h"
namespace mixagent {
__attribute__((weak)) int cmd_init(const InitOptions&, CliContext&) { return 1; }
__attribute__((weak)) int cmd_doctor(const DoctorOptions&, CliContext&) { return 1; }
__attribute__((weak)) int cmd_config(const ConfigOptions&, CliContext&) { return 1; }
__attribute__((weak)) int cmd_models(const ModelsOptions&, CliContext&) { return 1; }
__attribute__((weak)) int cmd_seats(const SeatsOptions&, CliContext&) { return 1; }
}
