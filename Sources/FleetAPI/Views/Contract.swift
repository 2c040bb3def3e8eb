internal import CFleetContract

/// The contract of the API, `Schemas/fleet.openapi.json`, as it was when the program was built.
enum Contract {
    /// Where it is, for everybody.
    static let route = UserRoute(method: .get, path: "/openapi.json") { asked in
        try Query(asked.request.uri.query).finish()
        return UserResponder.response(Reply(bytes: bytes), to: asked.request)
    }

    static let bytes = Array(
        UnsafeBufferPointer(
            start: amphora_fleet_contract(), count: amphora_fleet_contract_length()))
}
