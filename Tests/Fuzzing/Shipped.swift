import CANProfile
import Glibc
import PackMap

/// The maps and the profile of the repository, for doors that need a good partner.
enum Shipped {
    /// The folder of the profile set, from `AMPHORA_PROFILE_SET`.
    private static let folder = getenv("AMPHORA_PROFILE_SET").map { String(cString: $0) } ?? ""

    static let maps = ["pace-v1.3", "seplos-v3"].compactMap { name in
        try? PackMap.load(read("\(folder)/packs/\(name).json"), name: name)
    }
    /// The map that a document under test extends, whatever name it gives.
    static let baseBytes = read("\(folder)/packs/pace-v1.3.json")
    static let rangedFunction: UInt8 = 0x78
    /// Small maps of the forms that no shipped map need have.
    static let formMaps = ["ranged", "trigger"].compactMap { name in
        try? PackMap.load(
            read("\(folder)/../../../Tests/Fuzzing/Corpus/packmap/\(name)"), name: name)
    }
    static let profileBytes = read("\(folder)/inverters/pylontech-lv-1.2/profile.json")
    static let layoutBytes = read("\(folder)/inverters/pylontech-lv-1.2/frames.dbc")
    /// A small outbox that was killed; its log is a stored input.
    static let outbox = read("\(folder)/../../../Tests/Fuzzing/Corpus/salvage/killed")
    static let profile = try? CANProfile.load(
        profile: profileBytes, layout: layoutBytes, name: "pylontech-lv-1.2")

    /// One map, one profile and their vectors, as the files of a set.
    static let files: [String: [UInt8]] = {
        let paths = [
            "set.json", "packs/pace-v1.3.json", "vectors/packs/pace-v1.3.json",
            "inverters/pylontech-lv-1.2/profile.json", "inverters/pylontech-lv-1.2/frames.dbc",
            "vectors/inverters/pylontech-lv-1.2.json",
        ]
        return Dictionary(uniqueKeysWithValues: paths.map { ($0, read("\(folder)/\($0)")) })
    }()

    /// Whether all of them are there; without, half of the search would be idle.
    static var isComplete: Bool {
        maps.count == 2 && formMaps.count == 2 && profile != nil && !outbox.isEmpty
    }

    /// Ends the process with a sentence on standard error.
    static func giveUp(_ sentence: String) -> Never {
        let line = Array("fuzz: \(sentence)\n".utf8)
        _ = write(2, line, line.count)
        exit(2)
    }

    /// All bytes of a file; none when it cannot be read.
    static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }
}
