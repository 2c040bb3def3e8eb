import Foundation
import TestKit
import Testing

/// From keys on an operator's desk to a verified set on a gateway, with the programs as they are.
@Suite struct ProfileDeliveryTests {
    @Test func `a set goes from its author over the fleet to a gateway, and the fleet renews`()
        throws
    {
        let rig = try IdentityRig()
        let pair = try rig.enrol("gw-1")
        let place = ["--repository", rig.folder.file("profiles")]
        func profiles(_ words: [String], daysAgo: Int = 0) throws {
            let program = House.programs + "/amphora-fleet"
            let arguments = ["profiles"] + words + (words[0] == "keygen" ? [] : place)
            let run =
                try daysAgo == 0
                ? ChildProcess(program, arguments)
                : ChildProcess(
                    try Peers.tool("faketime"), ["-f", "-\(daysAgo)d", program] + arguments)
            #expect(try run.waitForExit(within: 120_000) == .exited(0), "\(words): \(run.errors)")
        }
        let (root, list) = (rig.folder.file("root"), rig.folder.file("list"))
        for key in [root, list] { try profiles(["keygen", key, "--no-passphrase"]) }
        // five of the timestamp's seven days are over
        try profiles(
            ["init", "--root-key", root + ".pub", "--targets-key", list + ".pub"], daysAgo: 5)
        try profiles(["add", Repository.profileSet], daysAgo: 5)
        try profiles(["sign", "--key", root, "--key", list], daysAgo: 5)
        try profiles(["publish"], daysAgo: 5)

        let store = "sqlite:" + rig.folder.file("fleet.db")
        let (port, health) = (try Peers.freePort(), try Peers.freePort())
        let server = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", store, "--ca", rig.authority.path, "--tls",
                "127.0.0.1:\(port)", "--listen", "127.0.0.1:\(health)",
            ] + place)
        _ = try server.waitForLine(containing: "renewed the metadata", within: 60_000)
        _ = try server.waitForLine(containing: "serving", within: 60_000)

        func client(_ words: String..., shows: Bool = true) throws -> ChildProcess {
            let address = "https://127.0.0.1:\(port)/v1/gateway/profiles"
            let identity = ["--certificate", pair.certificate, "--key", pair.key]
            let run = try ChildProcess(
                House.programs + "/amphora-gateway",
                [
                    "tuf-client", "--metadata-dir", rig.folder.file("trusted"), "--metadata-url",
                    address + "/metadata", "--target-base-url", address + "/targets",
                    "--target-dir", rig.folder.file("sets"), "--ca", rig.authority.file("root.pem"),
                ] + (shows ? identity : []) + words)
            _ = try run.waitForExit(within: 60_000)
            return run
        }
        let shipped = rig.folder.file("profiles/published/metadata/1.root.json")
        #expect(try client("init", shipped).waitForExit() == .exited(0))
        let stranger = try client("refresh", shows: false)
        #expect(try stranger.waitForExit() == .exited(1))
        let run = try client("--target-name", "sets/base-1.0.0.tar", "download")
        #expect(try run.waitForExit() == .exited(0), "\(run.errors)")
        let timestamp = try String(
            contentsOfFile: rig.folder.file("trusted/timestamp.json"), encoding: .utf8)
        #expect(timestamp.contains("\"version\":2}}"), "\(timestamp)")
        let unpacked = try ChildProcess(
            House.programs + "/amphora-gateway",
            [
                "profile", "unpack", rig.folder.file("sets/sets%2Fbase-1.0.0.tar"),
                rig.folder.file("unpacked"),
            ])
        #expect(try unpacked.waitForExit(within: 120_000) == .exited(0), "\(unpacked.errors)")
        server.signal(SIGTERM)
        #expect(try server.waitForExit(within: 30_000) == .exited(0))
    }
}
