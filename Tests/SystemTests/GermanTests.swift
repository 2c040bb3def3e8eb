import Testing

/// Refusals, reasons and the audit as people meet them who chose German, while gateways fail a rollout.
@Suite(.serialized) struct GermanTests {
    private static let gateways = ["gw-0001", "gw-0002", "gw-0003"]

    @Test(.timeLimit(.minutes(6)))
    func `nothing that the server refuses or reports is English on a German screen`() throws {
        let rolled = try RolledFleet(
            "german", Self.gateways,
            people: [
                ("anna", "owner"), ("otto", "operator"), ("olga", "operator"), ("ada", "admin"),
            ], manners: ["--manners", "revert=100", "--bad-version", "1.2.0"]
        ) { _ in
            Self.gateways.map { ["devices", "add", $0, "--label", "Haus \($0.suffix(1))"] }
        }
        try rolled.fleet.walk("german_flow.py", "german", seconds: 300)
        rolled.stop()
    }
}
