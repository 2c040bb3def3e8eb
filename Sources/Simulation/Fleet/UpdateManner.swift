/// How a simulated gateway takes a profile set that the fleet assigns to it.
enum UpdateManner: String, CaseIterable {
    /// Installs it and works on.
    case good
    /// Falls silent with it: neither a word nor a measurement.
    case silent
    /// Says that it cannot install it.
    case fail
    /// Installs it, and says that it went back by itself.
    case revert
    /// Says by turns that it is good and that it went back.
    case flap
    /// Says that it is good, and sends the inverter no more frames.
    case lie

    /// Reads `silent=5,lie=2.5`: each manner and the percents of gateways that have it; the others
    /// are good.
    ///
    /// Gives hundredths of a percent by manner, in the order given; nil when it cannot be read or is
    /// more than all.
    static func shares(_ text: String) -> [(manner: UpdateManner, share: Int)]? {
        var shares: [(manner: UpdateManner, share: Int)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", omittingEmptySubsequences: false)
            guard words.count == 2, let manner = UpdateManner(rawValue: String(words[0])),
                let percent = Double(words[1]), (0...100).contains(percent),
                !shares.contains(where: { $0.manner == manner })
            else { return nil }
            shares.append((manner, Int(percent * 100)))
        }
        return shares.reduce(0) { $0 + $1.share } <= 10_000 ? shares : nil
    }
}

/// Where simulated gateways find what they shall install, and how they take it.
struct UpdateSettings {
    /// The folder with a file for each gateway.
    var folder: String
    /// The version that gateways take in their own manner; nil is each one.
    ///
    /// Any other is good to all.
    var badVersion: String?
    /// Hundredths of a percent of gateways by manner; the others are good.
    var shares: [(manner: UpdateManner, share: Int)] = []
    /// Nanoseconds from finding an assignment to the word that it is good.
    var probation: Int64 = 5_000_000_000

    /// How a gateway takes a version, which its seed decides.
    func manner(of identity: FleetIdentity, with version: String) -> UpdateManner {
        guard badVersion.map({ $0 == version }) ?? true else { return .good }
        var place = Int(identity.seed >> 20 % 10_000)
        for (manner, share) in shares {
            if place < share { return manner }
            place -= share
        }
        return .good
    }
}
