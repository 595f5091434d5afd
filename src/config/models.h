#pragma once
// From what the layers say about providers and models to complete ones.

#include "config/keys.h"
#include "config/lineup.h"

#include <string>

namespace mixagent {

// Error config: no address, plain http to another machine, an address that is none.
Result<void> settle_providers(ConfigDraft& draft);
// Gives each model its provider, wire name, family and price. Error config: no or an unknown
// provider, half a price.
Result<void> settle_models(ConfigDraft& draft, const Environment& env);
// Model names of seats and fallbacks become those of the lineup ("gpt-5.5" -> "openai/gpt-5.5").
// Error config with the nearest name.
Result<void> resolve_names(ConfigDraft& draft);
// The lineup's own name, or empty. Exact, else the part after the vendor, else the provider's name
// for it; only if unique.
std::string resolve_model(const Lineup& lineup, const std::string& name);

}  // namespace mixagent
