#ifndef AMPHORA_FLEET_CONTRACT_H
#define AMPHORA_FLEET_CONTRACT_H

#include <stddef.h>

/// The bytes of `Schemas/fleet.openapi.json` as they were when the program was built.
const unsigned char *_Nonnull amphora_fleet_contract(void);
/// How many they are.
size_t amphora_fleet_contract_length(void);

#endif
