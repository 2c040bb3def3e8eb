import Foundation
import ProfileSet
import TestKit

/// A house whose gateway takes sets from a folder.
final class UpdatedHouse {
    let house: House
    let source: String
    let sets: String

    /// What a set is changed in before it is sealed.
    enum Change {
        /// The inverter profile has other words, and is spoken alike.
        case title
        /// The map of the packs has other words, so that their line begins anew.
        case map
        /// Measurements go out under another identifier, and the vectors agree.
        case silentInverter
        /// The list of foreign frames has one more, 0x7A1.
        case foreignFrame
        /// The bus of the inverter profile has another bit rate.
        case bitRate
        /// The set says that it needs a newer gateway than its assignment does.
        case newerRuntime
    }

    init(packs: Int, probationSeconds: Int, extra: String = "") throws {
        // a Deye answers measurements with its sign of life, and says nothing else
        house = try House(packs: packs, inverterQuirks: ["deye"])
        source = house.folder.file("assigned")
        sets = house.folder.file("sets")
        try FileManager.default.createDirectory(
            atPath: source, withIntermediateDirectories: true)
        let path = house.folder.file("gateway.toml")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text.replace(
            "[telemetry]", with: "log = \"\(house.folder.file("can.log"))\"\n[telemetry]")
        // a round through sixteen packs takes seconds, for which the default is made
        if packs > 8 { text.replace("value_limit_s = 3", with: "value_limit_s = 10") }
        text += """

            [update]
            folder = "\(sets)"
            from = "\(source)"
            poll_s = 1
            probation_s = \(probationSeconds)
            \(extra)
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// A house that runs with all its packs.
    static func running(
        packs: Int = 4, probationSeconds: Int = 6, extra: String = "",
        environment: [String: String] = [:]
    ) throws -> UpdatedHouse {
        let rig = try UpdatedHouse(packs: packs, probationSeconds: probationSeconds, extra: extra)
        try rig.house.startGateway(environment: environment)
        try rig.house.waitForStatus("all packs, and the inverter", seconds: 180) {
            $0.number("bank.packs_online") == Double(packs)
                && $0.text("inverter.keep_alive") == "present"
        }
        return rig
    }

    /// Makes a changed copy of the shipped set and assigns it; the hash of its archive.
    @discardableResult
    func assign(
        _ change: Change, release: Int, leastRuntime: String = "0.1.0"
    ) throws -> String {
        try Self.assign(
            change, release: release, leastRuntime: leastRuntime, source: source,
            making: house.folder.file("made-\(release)"))
    }

    /// The same for any house whose gateway takes sets from a folder; `folder` is where it is made.
    @discardableResult
    static func assign(
        _ change: Change, release: Int, leastRuntime: String = "0.1.0", source: String,
        making folder: String
    ) throws -> String {
        try make(change, release: release, at: folder)
        let archive = folder + ".tar"
        let packed: String
        if change == .newerRuntime {
            packed = try pack(folder, archive)
        } else {
            packed = try profile(["pack", folder, archive])
        }
        let words = packed.split(separator: " ").map(String.init)
        let (hash, length) = (words[0], words[1])
        try FileManager.default.moveItem(atPath: archive, toPath: "\(source)/\(hash).tar")
        let document = """
            {"gateway":"house","set":"base","version":"1.\(release).0","sha256":"\(hash)","length":\(length),
            "release":\(release),"not_after":"2036-01-01T00:00:00Z","least_runtime":"\(leastRuntime)","rollout":"r-\(release)"}
            """
        let draft = "\(source)/draft"
        try document.write(toFile: draft, atomically: true, encoding: .utf8)
        _ = rename(draft, "\(source)/assignment.json")
        return hash
    }

    /// Makes a changed copy of the shipped set, of version 1.RELEASE.0.
    static func make(_ change: Change, release: Int, at folder: String) throws {
        try FileManager.default.copyItem(atPath: Repository.profileSet, toPath: folder)
        try apply(change, folder, release)
        var seal = ["seal", folder, "--release", "\(release)", "--set-version", "1.\(release).0"]
        if change == .newerRuntime { seal += ["--least-runtime", "9.0.0"] }
        _ = try profile(seal)
    }

    private static func apply(_ change: Change, _ folder: String, _ release: Int) throws {
        let profile = "inverters/pylontech-lv-1.2/profile.json"
        switch change {
        case .title:
            try replace(
                "\(folder)/\(profile)", "\"title\": \"",
                with: "\"title\": \"Of release \(release), ")
        case .map:
            try replace(
                "\(folder)/packs/pace-v1.3.json", "\"title\": \"",
                with: "\"title\": \"Of release \(release), ")
        case .silentInverter:
            let layout = "\(folder)/inverters/pylontech-lv-1.2/frames.dbc"
            try replace(layout, " 854 ", with: " 855 ")
            try replace(
                "\(folder)/vectors/inverters/pylontech-lv-1.2.json", "356#", with: "357#")
        case .foreignFrame:
            try replace(
                "\(folder)/foreign.json", "\"entries\": [",
                with:
                    "\"entries\": [ { \"id\": \"0x7A1\", \"name\": \"nobody's\", \"advice\": \"look\" }, "
            )
        case .bitRate:
            try replace("\(folder)/\(profile)", "500000", with: "250000")
        case .newerRuntime: break
        }
    }

    private static func replace(_ path: String, _ old: String, with new: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard text.contains(old) else { throw HouseError("\(path) has no \(old)") }
        try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Runs `amphora-gateway profile`; what it printed.
    static func profile(_ words: [String]) throws -> String {
        let process = try ChildProcess(House.programs + "/amphora-gateway", ["profile"] + words)
        guard try process.waitForExit(within: 60_000) == .exited(0) else {
            throw HouseError("profile \(words): \(process.errors)")
        }
        return process.output
    }

    /// Packs what this gateway itself would refuse to pack.
    private static func pack(_ folder: String, _ archive: String) throws -> String {
        var files: [String: [UInt8]] = [:]
        for path in FileManager.default.subpaths(atPath: folder) ?? [] {
            let full = URL(filePath: "\(folder)/\(path)")
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: full.path, isDirectory: &isFolder)
            if isFolder.boolValue { continue }
            files[path] = Array(try Data(contentsOf: full))
        }
        let bytes = try SetArchive.pack(files, name: folder)
        try Data(bytes).write(to: URL(filePath: archive))
        return "\(Fingerprint.hex(bytes)) \(bytes.count)"
    }

    /// Waits for words of the gateway's log.
    func waitForLog(_ words: String, seconds: Int64 = 60) throws {
        let found = Patience.wait(seconds * 1000) { () -> Bool? in
            self.house.gateway?.errors.contains(words) == true ? true : nil
        }
        guard found == nil else { return }
        throw HouseError("'\(words)' was not logged: \(house.gateway?.errors.suffix(2500) ?? "")")
    }

    /// Waits until the counting subscriber has seen events of these codes, in this order.
    func waitForEvents(_ codes: [String]) throws {
        var seen: [String] = []
        let found = Patience.wait(30_000) { () -> Bool? in
            seen = self.house.received().map(\.code).filter { $0.hasPrefix("update_") }
            return seen == codes ? true : nil
        }
        guard found == nil else { return }
        throw HouseError("events \(seen), expected \(codes)")
    }

    /// The set that the next start runs, by its hash; nil for the installed one.
    var current: String? {
        let goal = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(sets)/current")
        return goal.map { String($0.suffix(64)) }
    }

    /// What the gateway has sent to the inverter: seconds since 1970, and identifier and data as in
    /// `351#1402…`.
    func sent() throws -> [(at: Double, frame: String)] {
        let text = try String(contentsOfFile: house.folder.file("can.log"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 3, words[3] == "T" else { return nil }
            return Double(words[0].dropFirst().dropLast()).map { ($0, words[2]) }
        }
    }

    /// The longest gap between two frames of one identifier, in milliseconds, of those sent each second.
    func longestGap() throws -> Double {
        let text = try house.tell("inverter.sock", "status")
        guard
            let status = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        else { throw HouseError("no status: \(text)") }
        let gaps = (status["ids"] as? [[String: Any]] ?? []).map { $0.number("period_ms.max") }
            .filter { !$0.isNaN }
        guard let longest = gaps.max() else { throw HouseError("no periods: \(text)") }
        return longest
    }
}
