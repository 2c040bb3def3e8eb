import EST
import HTTPSClient
import X509

/// Gets this gateway a pair, its first or its next, and puts it in use once the fleet has taken it.
///
/// 1. The same key and request go on after a wait, a failure or a restart.
/// 2. An answer counts only with our key, our id, a chain, its usage and its dates; else the pair in use stays.
/// 3. A new pair is shown to the fleet on a new connection before the old one goes.
/// 4. One process at a time changes the identity.
package struct Enrolment: Sendable {
    /// How far it came.
    package enum Outcome: Sendable {
        /// The fleet wants to be asked again after so many seconds.
        case waiting(seconds: Int64)
        /// The new pair is in use.
        case adopted(IdentityPair)
    }

    private let store: IdentityStore
    private let floor: TimeFloor
    private let connect: FleetConnection.Connect

    /// Works on the pairs of `store`; each call of `connect` has to give a new connection.
    package init(
        store: IdentityStore, floor: TimeFloor, connect: @escaping FleetConnection.Connect
    ) {
        self.store = store
        self.floor = floor
        self.connect = connect
    }

    /// Keeps what an enrolment with a token needs; `trust` is the PEM text that the fleet is held to.
    ///
    /// What waits for the same gateway at the same fleet goes on with its key and request; the token is
    /// the new one.
    package func begin(
        _ note: EnrolmentNote, trust: [UInt8]
    ) throws(ProvisioningError) -> PendingPair {
        guard let roots = PEMFile.certificates(String(decoding: trust, as: UTF8.self)),
            roots.contains(where: \.hasSignedItself)
        else {
            throw ProvisioningError(
                .input,
                "the authorities of the fleet are not usable, expected a root certificate in PEM")
        }
        let lock = try IdentityLock(store.folder)
        defer { withExtendedLifetime(lock) {} }
        try store.sweep(clock: floor.reading)
        if let pending = store.pending() {
            if pending.note.fleet == note.fleet, pending.note.gateway == note.gateway,
                (pending.note.token == nil) == (note.token == nil),
                // A new token asks for a new certificate, not for the proof of the one there is.
                !pending.isIssued || pending.note.token == note.token
            {
                return try store.keep(note, trust: trust, of: pending)
            }
            try store.abandon(pending)
        }
        return try store.begin(note, trust: trust)
    }

    /// Keeps what a renewal through the pair in use needs; `trust` replaces the authorities that it knows.
    package func beginRenewal(
        fleet: String, trust: [UInt8]? = nil
    ) throws(ProvisioningError) -> PendingPair {
        let selection = try store.select(clock: floor.reading)
        let note = try EnrolmentNote(fleet: fleet, gateway: selection.pair.gateway, token: nil)
        if let trust { return try begin(note, trust: trust) }
        return try begin(note, trust: try PEMFile.bytes(selection.pair.authorities))
    }

    /// What waits, also from before a restart.
    package func pending() -> PendingPair? { store.pending() }

    /// Goes as far as it can: asks for the certificate, checks it, proves it, puts it in use.
    ///
    /// Throws when it cannot go on; what was reached is kept, and the next call goes on from there.
    package func advance(_ pending: PendingPair) throws(ProvisioningError) -> Outcome {
        let lock = try IdentityLock(store.folder)
        defer { withExtendedLifetime(lock) {} }
        let active = try? store.select(clock: floor.reading)
        var pending = pending
        if !pending.isIssued {
            if let seconds = remainingWait(pending.note) { return .waiting(seconds: seconds) }
            switch try ask(for: pending, active) {
            case .waiting(let note, let seconds):
                _ = try store.keep(note, of: pending)
                return .waiting(seconds: seconds)
            case .issued(let complete): pending = complete
            }
        }
        let pair = try prove(pending, active)
        try store.adopt(pending, active: active)
        // The new pair is in use; what is left to tidy is tidied next time.
        try? floor.keep()
        try? store.sweep(clock: floor.reading)
        return .adopted(pair)
    }

    /// Seconds until the fleet wants to be asked; nil when that is over, or when the clock was set meanwhile.
    private func remainingWait(_ note: EnrolmentNote) -> Int64? {
        guard let moment = note.retryAt else { return nil }
        let (rest, overflow) = moment.subtractingReportingOverflow(floor.reading.wall)
        guard !overflow, (1...ESTClient.longestWait).contains(rest) else { return nil }
        return rest
    }
}

// MARK: steps

extension Enrolment {
    private enum Asked {
        case waiting(EnrolmentNote, seconds: Int64)
        case issued(PendingPair)
    }

    private func ask(
        for pending: PendingPair, _ active: IdentitySelection?
    ) throws(ProvisioningError) -> Asked {
        let note = pending.note
        if note.token == nil, active == nil {
            throw ProvisioningError(
                .noIdentity, "there is no pair that opens the fleet's door; enrol with a token")
        }
        let shown = note.token == nil ? active?.pair : nil
        let connection = FleetConnection(
            authoritiesPath: store.folder.file("\(pending.name)/\(IdentityStore.trust)"),
            showing: shown)
        let client = try client(connection, note.fleet)
        let authorities = try client.authorities()
        let isFirst = note.token != nil || active?.door == .factory
        let answer = try client.certificate(
            isFirst ? .enrol : .renew, request: pending.request, gateway: note.gateway,
            token: note.token)
        switch answer {
        case .wait(let seconds):
            var note = note
            note.retryAt = floor.reading.wall &+ seconds
            return .waiting(note, seconds: seconds)
        case .issued(let certificates):
            let chain = try judge(certificates, authorities, of: pending)
            return .issued(
                try store.complete(
                    pending, certificate: try PEMFile.bytes(chain),
                    authorities: try PEMFile.bytes(authorities)))
        }
    }

    /// The certificate for our key with those between it and the root, once all checks have passed.
    private func judge(
        _ certificates: [Certificate], _ authorities: [Certificate], of pending: PendingPair
    ) throws(ProvisioningError) -> [Certificate] {
        let key = pending.key.signer.publicKey
        let ours = certificates.filter { $0.publicKey == key }
        let others = certificates.filter { $0.publicKey != key }
        do throws(IdentityFault) {
            guard !ours.isEmpty else { throw .keyMismatch }
            let judge = CertificateJudge(
                gateway: pending.note.gateway, authorities: authorities, clock: floor.reading)
            let chain = try judge.judge(ours + others, key: key)
            return chain.count > 1 ? Array(chain.dropLast()) : chain
        } catch {
            var kind = ProvisioningError.Kind.answer
            if case .notYetValid = error { kind = .clock }
            throw ProvisioningError(
                kind, "what the fleet issued is refused, nothing was changed: \(error)")
        }
    }

    private func prove(
        _ pending: PendingPair, _ active: IdentitySelection?
    ) throws(ProvisioningError) -> IdentityPair {
        let pair: IdentityPair
        do throws(IdentityFault) {
            pair = try IdentityPair.load(from: store.folder, pending.name)
            try pair.check(gateway: pending.note.gateway, clock: floor.reading)
        } catch {
            if case .notYetValid = error {
                throw ProvisioningError(.clock, "the new pair has to wait: \(error)")
            }
            try store.abandon(pending)
            throw ProvisioningError(.answer, "the new pair is given up: \(error)")
        }
        do throws(ProvisioningError) {
            let connection = FleetConnection(
                authoritiesPath: pair.authoritiesPath, showing: pair)
            try client(connection, pending.note.fleet).prove()
            return pair
        } catch {
            // A token opens once: what it bought is kept and shown again. A renewal starts anew.
            if error.kind != .network, active != nil, pending.note.token == nil {
                try store.abandon(pending)
            }
            throw ProvisioningError(
                error.kind, "the new pair did not work, the old one stays: \(error)")
        }
    }

    private func client(
        _ connection: FleetConnection, _ fleet: String
    ) throws(ProvisioningError) -> ESTClient {
        do {
            return ESTClient(fleet: fleet, exchange: try connect(connection), floor: floor)
        } catch {
            throw ProvisioningError(error, clock: floor.reading)
        }
    }
}
