import CANBus
import StrictJSON

extension CANProfile {
    /// Reads a profile from the bytes of its `profile.json` and `frames.dbc`.
    ///
    /// A profile that extends another gets that one's files from `resolve` and may come with an
    /// empty layout. `quirks` are switched on in their order; without any, each quirk is tried by
    /// itself, so that a broken one is found before an installer needs it. Throws one error with
    /// every fault of both files.
    package static func load(
        profile: [UInt8], layout: [UInt8], name: String, quirks: [String] = [],
        resolve: ((String) -> (profile: [UInt8], layout: [UInt8])?)? = nil
    ) throws(CANProfileError) -> CANProfile {
        let faults = FaultList()
        var document: ProfileDocument
        do {
            document = try ProfileDocument(
                profile, layout: layout, resolve: resolve, faults: faults)
        } catch {
            throw CANProfileError(name: name, faults: ["profile.json, \(error.description)"])
        }
        let file: DBCFile
        do {
            file = try DBCParser.parse(document.layout)
        } catch {
            let own = faults.faults.map { "profile.json, \($0.description)" }
            throw CANProfileError(
                name: name, faults: own + error.faults.map { "frames.dbc, \($0.description)" })
        }
        let plain = document
        document.switchOn(quirks)
        let profile = compile(document, file, quirks, faults)
        var texts = faults.faults.map { "profile.json, \($0.description)" }
        if texts.isEmpty, quirks.isEmpty { texts = quirkFaults(plain, file) }
        guard texts.isEmpty else { throw CANProfileError(name: name, faults: texts) }
        return profile
    }

    private static func compile(
        _ document: ProfileDocument, _ file: DBCFile, _ quirks: [String], _ faults: FaultList
    ) -> CANProfile {
        var loader = CANProfileLoader(document.root, layout: file, faults: faults)
        return loader.load(quirks: quirks)
    }

    /// What each quirk by itself would break.
    private static func quirkFaults(_ plain: ProfileDocument, _ file: DBCFile) -> [String] {
        var texts: [String] = []
        for quirk in ProfileDocument.quirks(of: plain.root) {
            let faults = FaultList()
            var document = plain.collecting(faults)
            document.switchOn([quirk.id])
            _ = compile(document, file, [quirk.id], faults)
            texts += faults.faults.map {
                "profile.json, with quirk '\(quirk.id)': \($0.description)"
            }
        }
        return texts
    }
}
