import Bank
import CANBus
import CANProfile
import PackMap
import Quantities
import StrictJSON

/// The one place that knows how the engines below are called.
package enum Engines {
    /// Loads a pack map; `resolve` gives the document of a map that it extends.
    package static func map(
        _ bytes: [UInt8], id: String, resolve: (String) -> [UInt8]?
    ) throws(PackMapError) -> PackMap {
        try PackMap.load(bytes, name: id, resolve: resolve)
    }

    /// Loads an inverter profile with quirks switched on; without any, each is tried by itself.
    ///
    /// `resolve` gives the bytes at a place of the set, the profile's own and those of one that it
    /// extends.
    package static func profile(
        id: String, quirks: [String], resolve: (SetPath) -> [UInt8]?
    ) throws(CANProfileError) -> CANProfile {
        guard let document = resolve(.profile(id)) else {
            throw CANProfileError(name: id, faults: ["profile.json is missing"])
        }
        let layout = resolve(.layout(id))
        if layout == nil, base(of: document) == nil {
            throw CANProfileError(name: id, faults: ["frames.dbc is missing"])
        }
        return try withoutActuallyEscaping(resolve) { (resolve) throws(CANProfileError) in
            try CANProfile.load(
                profile: document, layout: layout ?? [], name: id, quirks: quirks,
                resolve: { base in
                    resolve(.profile(base)).map { ($0, resolve(.layout(base)) ?? []) }
                })
        }
    }

    /// The document of a map or a profile with what it extends merged in.
    static func document(_ place: SetPath, _ resolve: (SetPath) -> [UInt8]?) -> JSONItem? {
        guard let bytes = resolve(place) else { return nil }
        if case .profile = place {
            return withoutActuallyEscaping(resolve) { resolve in
                CANProfile.document(profile: bytes) { base in
                    resolve(.profile(base)).map { ($0, []) }
                }
            }
        }
        guard let item = try? JSONParser.parse(bytes) else { return nil }
        guard case .string(let id)? = item.member("extends")?.value,
            let base = resolve(.map(id)).flatMap({ try? JSONParser.parse($0) })
        else { return item }
        return base.merged(with: item)
    }

    /// The id of the map or profile that a document extends; nil when it stands alone.
    static func base(of document: [UInt8]) -> String? {
        guard case .string(let id)? = (try? JSONParser.parse(document))?.member("extends")?.value
        else { return nil }
        return id
    }

    /// Reads `foreign.json`.
    package static func foreign(_ bytes: [UInt8]) throws(CANProfileError) -> ForeignFrames {
        try ForeignFrames.load(bytes, name: SetPath.foreign.path)
    }

    /// Reads the state of a vector.
    static func state(_ item: JSONItem, faults: FaultList) -> BankValues {
        do {
            return try BankStateDocument.load(item, name: "state")
        } catch {
            for sentence in error.faults {
                let fault = SetFault(file: "", sentence: sentence)
                faults.add(line: fault.line, "in the state: \(fault.message)")
            }
            return BankValues()
        }
    }

    /// All that one full cycle of a profile sends: message and frame, or nil for a withheld one.
    static func cycle(
        of profile: CANProfile, _ state: BankValues
    ) -> [(message: String, frame: CANFrame?)] {
        let packs = state[.packsConfigured].map(Int.init) ?? 1
        return profile.plan.frames.indices.filter { profile.plan.isWanted($0, packs: packs) }
            .map { (profile.messageNames[$0], profile.plan.encode($0, state)) }
    }

    /// Whether a stopped bank is answered with silence at once.
    static func isSilentWhenStopped(_ profile: CANProfile) -> Bool {
        profile.stop.silenceAfter == .zero
    }

    /// What received frames tell of the inverter.
    static func received(_ frames: [CANFrame], _ profile: CANProfile) -> ReceivedVerdict {
        var watch = InverterWatch(
            profile.keepAliveRule, action: .report, commands: profile.commands.map(\.row))
        for frame in frames { watch.handle(frame, at: Instant(nanoseconds: 1)) }
        let command = watch.asksToStop ? "stop" : watch.requests != 0 ? "report" : nil
        return ReceivedVerdict(hasKeepAlive: watch.count > 0, command: command)
    }
}

/// What received frames come to.
struct ReceivedVerdict: Hashable {
    /// Whether a keep-alive was among them.
    var hasKeepAlive: Bool
    /// `stop` or `report` when the inverter asks for it, else nil.
    var command: String?
}
