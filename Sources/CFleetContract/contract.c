#include "CFleetContract.h"

// #embed is of C23; clang knows it in older ones too, and says so
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char contract[] = {
#embed "../../Schemas/fleet.openapi.json"
};

const unsigned char *amphora_fleet_contract(void) { return contract; }

size_t amphora_fleet_contract_length(void) { return sizeof contract; }
