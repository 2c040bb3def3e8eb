import ArgumentParser
import GatewaySettings
import Glibc
import Provisioning

/// Where the identity lies and whose it is.
struct IdentityOptions: ParsableArguments {
    @Option(help: "The folder with this gateway's key and certificates.", completion: .directory)
    var identity = "/var/lib/amphora/identity"

    @Option(help: "The id of this gateway; by default the one in its certificate.")
    var gateway: String?

    var folder: IdentityFolder { IdentityFolder(identity) }
    var store: IdentityStore { IdentityStore(folder: folder, gateway: gateway) }
    var floor: TimeFloor {
        TimeFloor(folder: folder, wallSeconds: { MachineClock.wallNanoseconds() / 1_000_000_000 })
    }

    /// Runs a deed; says what went wrong and ends with the exit status for it.
    func perform(_ deed: () throws -> Void) throws {
        do {
            try deed()
        } catch let error as ProvisioningError {
            Output.note(error.description)
            if let advice = Self.advice[error.kind] { Output.note(advice) }
            throw ExitCode(Self.status(error.kind))
        }
    }

    private static let advice: [ProvisioningError.Kind: String] = [
        .refused: "ask the fleet's operator for a new token: amphora-fleet devices add",
        .network: "what was reached is kept; run the same command again",
        .server: "check the address and the file of '--ca'; nothing secret was sent",
    ]

    private static func status(_ kind: ProvisioningError.Kind) -> Int32 {
        switch kind {
        case .input: ExitStatus.usage
        case .network, .server: ExitStatus.unreachable
        case .storage, .noIdentity, .refused, .rejected, .answer, .clock, .busy: ExitStatus.failure
        }
    }
}

/// How an enrolment waits: for an operator of the fleet, and for a running gateway that looks after the
/// same identity.
enum EnrolmentWait {
    /// Seconds for which another process may be at work before it is an error: a fleet that is away keeps
    /// it for a connection's time.
    private static let patience = 60

    /// Does what another process may keep from being done at this moment.
    static func politely<Value>(_ deed: () throws -> Value) throws -> Value {
        for _ in 0..<patience {
            do {
                return try deed()
            } catch let error as ProvisioningError where error.kind == .busy {
                sleep(1)
            }
        }
        return try deed()
    }

    /// Goes on until the pair is in use; with `once` it asks a single time.
    ///
    /// Ending the program while it waits loses nothing.
    static func finish(
        _ enrolment: Enrolment, _ pending: PendingPair, _ options: IdentityOptions, once: Bool
    ) throws {
        while true {
            let outcome = try politely { () throws -> Enrolment.Outcome in
                let current = enrolment.pending() ?? pending
                // A running gateway goes on with what waits as well, and may be first.
                let selection = try? options.store.select(clock: options.floor.reading)
                if let pair = selection?.pair, pair.name == current.name { return .adopted(pair) }
                return try enrolment.advance(current)
            }
            switch outcome {
            case .adopted(let pair):
                print(
                    "enrolled as '\(pair.gateway)' until \(IdentityReport.moment(pair.life.upperBound))"
                )
                return
            case .waiting(let seconds):
                Output.note(
                    "the fleet has taken the request and wants to be asked again in \(seconds) s; "
                        + "perhaps an operator has to agree")
                if once { throw ExitCode(ExitStatus.failure) }
                sleep(UInt32(clamping: seconds))
            }
        }
    }
}

/// `enroll`.
struct EnrollCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Make this gateway's key and get its certificate from the fleet.",
        discussion: """
            The key is made here and never leaves this machine. Without a token the certificate from the \
            factory, or the one in use, opens the door. Interrupted at any moment, the same command goes on \
            where it was, with the same key; a pair that works is never given up for one that does not.
            Exit status: 0 enrolled, 1 refused, or it waits and '--once' was given, 2 wrong input, 4 the \
            fleet cannot be reached or is not the right one.
            """)

    @Option(help: "The address of the fleet, https://host[:port].")
    var fleet: String

    @Option(
        help:
            "The one-time token that the fleet made for this gateway; '-' reads it from standard input."
    )
    var token: String?

    @Option(
        name: .customLong("ca"),
        help: "The fleet's root certificate (PEM); by default the one this gateway knows.",
        completion: .file())
    var authorities: String?

    @Option(
        help: ArgumentHelp(
            "The SHA-256 of the fleet's root certificate, in place of '--ca': the root is fetched and used "
                + "only if it has this fingerprint.", valueName: "hex"))
    var caFingerprint: String?

    @Flag(help: "Ask once; do not stay when the fleet lets this gateway wait.")
    var once = false

    @OptionGroup var options: IdentityOptions

    func validate() throws {
        if authorities != nil, caFingerprint != nil {
            throw ValidationError("expected '--ca' or '--ca-fingerprint', not both")
        }
    }

    func run() throws {
        try options.perform {
            try options.folder.make()
            let floor = options.floor
            let given = try given(floor)
            let enrolment = Enrolment(
                store: options.store, floor: floor, connect: FleetConnection.overHTTPS)
            let known = try? options.store.select(clock: floor.reading)
            let token = token == "-" ? readLine() ?? "" : token
            let pending = try EnrolmentWait.politely { try begin(enrolment, known, token, given) }
            try EnrolmentWait.finish(enrolment, pending, options, once: once)
        }
    }

    private func begin(
        _ enrolment: Enrolment, _ known: IdentitySelection?, _ token: String?, _ given: [UInt8]?
    ) throws -> PendingPair {
        guard let token else {
            guard known != nil else {
                throw ProvisioningError(
                    .input,
                    "nothing opens the fleet's door: give '--token', "
                        + "there is no certificate in '\(options.identity)'")
            }
            return try enrolment.beginRenewal(fleet: fleet, trust: given)
        }
        guard
            let gateway = options.gateway ?? known?.pair.gateway
                ?? enrolment.pending()?.note.gateway
        else {
            throw ProvisioningError(
                .input,
                "which gateway is this? give '--gateway', the id that the token was made for")
        }
        guard let trust = given ?? known?.pair.authoritiesText else {
            throw ProvisioningError(
                .input,
                "who vouches for the fleet? give '--ca' with the fleet's root certificate, "
                    + "or '--ca-fingerprint', so that the token goes to nobody else")
        }
        let note = try EnrolmentNote(fleet: fleet, gateway: gateway, token: token)
        return try enrolment.begin(note, trust: trust)
    }

    /// The authorities that the operator vouches for; nil leaves it to those that are known.
    private func given(_ floor: TimeFloor) throws(ProvisioningError) -> [UInt8]? {
        if let caFingerprint {
            return try RootFingerprint(caFingerprint).root(of: fleet, floor: floor)
        }
        guard let authorities else { return nil }
        do {
            return try FileBytes.read(authorities, limit: 65_536)
        } catch {
            throw ProvisioningError(.input, error.description)
        }
    }
}
