import Crypto

/// A pair on its way: it has a key and a request, and waits for its certificate or for its proof.
package struct PendingPair: Sendable {
    /// The folder below the folder of the identity.
    package let name: String
    /// The key.
    package let key: any DeviceKey
    /// The PKCS#10 request in DER, the same for each attempt.
    package let request: [UInt8]
    /// What the enrolment was begun with.
    package let note: EnrolmentNote
    /// Whether the certificate is there, so that only the proof is missing.
    package let isIssued: Bool
}

extension IdentityStore {
    private static let pending = "pending"
    private static let note = "enrolment"
    private static let request = "request.der"
    /// The authorities that the fleet is held to until it has sent its own list.
    static let trust = "trust.pem"

    /// What waits; nil when nothing does or what was left is not complete.
    package func pending() -> PendingPair? {
        guard let name = folder.goal(of: Self.pending), !name.contains("/"),
            name != folder.goal(of: Door.current.rawValue),
            let key = try? FileKey.load(from: folder, name),
            let request = try? folder.read("\(name)/\(Self.request)", limit: 8192),
            let bytes = try? folder.read("\(name)/\(Self.note)", limit: 4096),
            let note = EnrolmentNote(bytes)
        else { return nil }
        return PendingPair(
            name: name, key: key, request: request, note: note,
            isIssued: folder.exists("\(name)/certificate.pem"))
    }

    /// Makes a key and a request and keeps them with what is needed to go on after any cut.
    ///
    /// `trust` is the PEM text of the authorities to hold the fleet to. What was pending before is no longer.
    package func begin(
        _ note: EnrolmentNote, trust: [UInt8]
    ) throws(ProvisioningError) -> PendingPair {
        let random = SymmetricKey(size: .bits128).withUnsafeBytes { $0.prefix(8).map(Self.hex) }
        let name = "pair-\(random.joined())"
        try folder.makeFolder(name)
        do throws(ProvisioningError) {
            let key = try FileKey.make(in: folder, name)
            let request = try SigningRequest.make(gateway: note.gateway, key: key)
            try folder.write("\(name)/\(Self.request)", request, mode: 0o644)
            try folder.write("\(name)/\(Self.trust)", trust, mode: 0o644)
            try folder.write("\(name)/\(Self.note)", note.bytes, mode: 0o600)
            try folder.link(Self.pending, to: name)
            return PendingPair(
                name: name, key: key, request: request, note: note, isIssued: false)
        } catch {
            // On a full disk this gives the room back; what fails here is swept up at the next change.
            try? folder.removeFolder(name)
            throw error
        }
    }

    /// Keeps what has changed about an enrolment: when to ask again, the token, whom to trust.
    package func keep(
        _ note: EnrolmentNote, trust: [UInt8]? = nil, of pending: PendingPair
    ) throws(ProvisioningError) -> PendingPair {
        if let trust { try folder.write("\(pending.name)/\(Self.trust)", trust, mode: 0o644) }
        try folder.write("\(pending.name)/\(Self.note)", note.bytes, mode: 0o600)
        return PendingPair(
            name: pending.name, key: pending.key, request: pending.request, note: note,
            isIssued: pending.isIssued)
    }

    /// Keeps the certificate and the authorities that a pair was issued with.
    func complete(
        _ pending: PendingPair, certificate: [UInt8], authorities: [UInt8]
    ) throws(ProvisioningError) -> PendingPair {
        try folder.write("\(pending.name)/authorities.pem", authorities, mode: 0o644)
        try folder.write("\(pending.name)/certificate.pem", certificate, mode: 0o644)
        return PendingPair(
            name: pending.name, key: pending.key, request: pending.request, note: pending.note,
            isIssued: true)
    }

    /// Makes a proved pair the current one and the one that worked until now the previous one.
    ///
    /// `active` is what the gateway used so far. A pair from the factory stays where it is.
    package func adopt(
        _ pending: PendingPair, active: IdentitySelection?
    ) throws(ProvisioningError) {
        if let active, active.door != .factory {
            try folder.link(Door.previous.rawValue, to: active.pair.name)
        }
        try folder.link(Door.current.rawValue, to: pending.name)
        try folder.remove(Self.pending)
        try clear(pending.name)
    }

    /// Gives a pending pair up.
    package func abandon(_ pending: PendingPair) throws(ProvisioningError) {
        if folder.goal(of: Self.pending) == pending.name { try folder.remove(Self.pending) }
        guard !isLinked(pending.name) else { return }
        try folder.removeFolder(pending.name)
    }

    /// Removes what cuts have left; a pair with a certificate only while the current one is good, rule 3.
    package func sweep(clock: ClockReading) throws(ProvisioningError) {
        let selection = try? select(clock: clock)
        let isGood = selection.map { $0.door == .current && $0.fault == nil } ?? false
        let isWaiting = pending() != nil
        if isGood, !isWaiting { try folder.remove(Self.pending) }
        for name in folder.names() where name.hasPrefix("pair-") && !isLinked(name) {
            guard isGood || !folder.exists("\(name)/certificate.pem") else { continue }
            try folder.removeFolder(name)
        }
        guard let selection, isGood, !isWaiting else { return }
        try clear(selection.pair.name)
    }

    /// Removes what a pair needed on its way only, the token among it.
    private func clear(_ name: String) throws(ProvisioningError) {
        for file in [Self.note, Self.request, Self.trust] where folder.exists("\(name)/\(file)") {
            try folder.remove("\(name)/\(file)")
        }
    }

    private func isLinked(_ name: String) -> Bool {
        let links = Door.allCases.map(\.rawValue) + [Self.pending]
        return links.contains { folder.goal(of: $0) == name }
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
