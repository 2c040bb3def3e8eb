import CANBus
import Foundation
import TestKit

/// The layouts of the shipped set and the frames in the vectors beside them.
enum ShippedVectors {
    struct Profile {
        /// The file of the layout.
        let path: String
        let layout: DBCFile
        /// Each frame once, in the order of the vectors.
        let frames: [CANFrame]

        /// Frames of random bits of each message that has no pages, where any bits mean something.
        func random(_ count: Int) throws -> [CANFrame] {
            var generator = SeededGenerator(seed: 35)
            return layout.messages
                .filter { message in
                    message.signals.allSatisfy { message.conditions(of: $0).isEmpty }
                }
                .flatMap { message in
                    (0..<count).compactMap { _ in
                        CANFrame(
                            message.identifier, length: message.length, bits: generator.next())
                    }
                }
        }
    }

    private struct Document: Decodable {
        struct Vector: Decodable {
            var frames: [String]?
            var frame: String?
            var received: [String]?
        }
        var vectors: [Vector]
    }

    private struct Base: Decodable { var extends: String? }

    /// Every profile; one without a layout of its own has that of the profile it extends.
    static func profiles() throws -> [Profile] {
        let set = Repository.profileSet
        return try FileManager.default.contentsOfDirectory(atPath: set + "/inverters").sorted().map
        {
            id in
            let folder = set + "/inverters/"
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + id + "/profile.json"))
            let base = try JSONDecoder().decode(Base.self, from: bytes).extends
            let own = folder + id + "/frames.dbc"
            let path =
                FileManager.default.fileExists(atPath: own)
                ? own : folder + (base ?? id) + "/frames.dbc"
            let layout = try Data(contentsOf: URL(fileURLWithPath: path))
            return Profile(
                path: path, layout: try DBCParser.parse(Array(layout)), frames: try frames(of: id))
        }
    }

    private static func frames(of id: String) throws -> [CANFrame] {
        let path = Repository.profileSet + "/vectors/inverters/\(id).json"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let vectors = try JSONDecoder().decode(Document.self, from: bytes).vectors
        let texts = vectors.flatMap {
            ($0.frames ?? []) + [$0.frame].compactMap { $0 } + ($0.received ?? [])
        }
        var seen: Set<String> = []
        return try texts.filter { seen.insert($0).inserted }
            .map { try Candump.parse("can0 \($0)").frame }
    }
}
