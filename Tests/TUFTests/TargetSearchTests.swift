import Testing

@testable import TUF

/// Roles that trust each other, written as `name: [(role, patterns, terminating)]`.
struct DelegationGraph {
    var edges: [TUFName: [(TUFName, [String], Bool)]]
    var listed: [TUFName: [TUFName]] = [:]
    var expires: [TUFName: TUFTime] = [:]

    func role(_ name: TUFName) throws -> TUFTargets {
        let delegations = (edges[name] ?? []).map { role, patterns, isTerminating in
            TUFDelegation(
                TUFAuthority(role: role, keys: [Keys.targets.publicKey], threshold: 1),
                .patterns(patterns.map(PathPattern.init)), isTerminating: isTerminating)
        }
        let targets = (listed[name] ?? []).map { TUFTarget(path: $0, bytes: bytes(name.text)) }
        return try TUFTargets(
            Repository().targets(1, targets, delegations: delegations), role: name)
    }

    /// The roles visited after `targets`, and who lists the path.
    func walk(_ path: TUFName, mostRoles: Int = 32) throws -> (visited: [TUFName], found: Bool) {
        var search = try TargetSearch(path, in: role("targets"), mostRoles: mostRoles)
        var visited: [TUFName] = []
        while true {
            switch try search.next() {
            case .found: return (visited, true)
            case .absent: return (visited, false)
            case .read(let authority):
                visited.append(authority.role)
                search.take(try role(authority.role))
            }
        }
    }
}

@Suite struct TargetSearchTests {
    @Test(
        arguments: [
            // nobody else
            ([:], []),
            (["targets": [("A", ["*"], false), ("B", ["*"], false)]], ["A", "B"]),
            // depth before breadth
            (
                [
                    "targets": [("A", ["*"], false), ("B", ["*"], false)],
                    "A": [("C", ["*"], false), ("D", ["*"], false)],
                ], ["A", "C", "D", "B"]
            ),
            // a circle ends
            (
                [
                    "targets": [("A", ["*"], false)], "A": [("B", ["*"], false)],
                    "B": [("A", ["*"], false)],
                ], ["A", "B"]
            ),
            // two ways to one role
            (
                [
                    "targets": [("A", ["*"], false), ("B", ["*"], false)],
                    "A": [("C", ["*"], false)], "B": [("C", ["*"], false)],
                ], ["A", "C", "B"]
            ),
            // a terminating one ends the search for its brothers and its parents' brothers
            (["targets": [("A", ["*"], true), ("B", ["*"], false)]], ["A"]),
            (
                [
                    "targets": [("A", ["*"], false), ("B", ["*"], false)],
                    "A": [("C", ["*"], true), ("D", ["*"], false)],
                ], ["A", "C"]
            ),
            (
                [
                    "targets": [("A", ["*"], true), ("B", ["*"], false)],
                    "A": [("C", ["*"], false), ("D", ["*"], false)],
                ],
                ["A", "C", "D"]
            ),
            // one that is not trusted with the path neither counts nor terminates
            (["targets": [("A", ["x/*"], true), ("B", ["*"], false)]], ["B"]),
            (["targets": [("A", ["other", "file"], false)]], ["A"]),
        ] as [([TUFName: [(TUFName, [String], Bool)]], [TUFName])])
    func `roles are visited in the order of trust`(
        edges: [TUFName: [(TUFName, [String], Bool)]], order: [TUFName]
    ) throws {
        let graph = DelegationGraph(edges: edges)
        let walked = try graph.walk("file")
        #expect(walked.visited == order)
        #expect(!walked.found)
    }

    @Test func `the first who lists it is believed`() throws {
        var graph = DelegationGraph(
            edges: ["targets": [("A", ["*"], false), ("B", ["*"], false), ("C", ["*"], false)]])
        graph.listed = ["B": ["file"], "C": ["file"]]
        let walked = try graph.walk("file")
        #expect(walked.visited == ["A", "B"])
        #expect(walked.found)
    }

    @Test func `a role counts only where each on the way was trusted with the path`() throws {
        var graph = DelegationGraph(
            edges: ["targets": [("A", ["a/*"], false)], "A": [("B", ["*", "*/*"], false)]])
        graph.listed = ["B": ["file", "a/file"]]
        #expect(try !graph.walk("file").found)
        #expect(try graph.walk("a/file").found)
    }

    @Test func `a chain that is too long is cut`() throws {
        var edges: [TUFName: [(TUFName, [String], Bool)]] = [:]
        for index in 0..<40 {
            let name = index == 0 ? TUFName("targets") : TUFName("r\(index)")
            edges[name] = [(TUFName("r\(index + 1)"), ["*"], false)]
        }
        let graph = DelegationGraph(edges: edges)
        #expect(fault { _ = try graph.walk("file") }?.kind == "tooManyRoles")
        #expect(fault { _ = try graph.walk("file", mostRoles: 3) }?.kind == "tooManyRoles")
    }

    @Test func `hash prefixes divide all paths among roles`() throws {
        let path = TUFName("gateway-17.json")
        let hash = TUFDigest.sha256.text(bytes(path.text))
        for (prefixes, covers) in [
            ([String(hash.prefix(2))], true), ([hash], true),
            (["zz", String(hash.prefix(1))], true),
            ([hash + "0"], false), (["zz"], false),
            ([String(hash.prefix(2)).uppercased() + "Z"], false),
            ([""], true), ([], false),
        ] as [([String], Bool)] {
            let delegation = TUFDelegation(
                TUFAuthority(role: "bin", keys: [], threshold: 1), .hashPrefixes(prefixes),
                isTerminating: true)
            #expect(delegation.covers(path) == covers, "\(prefixes)")
        }
    }

    @Test(arguments: [
        ("\"name\":\"A\"", "\"name\":\"root\""), ("\"name\":\"A\"", "\"name\":\"targets\""),
        ("\"name\":\"A\"", "\"name\":\"\""), ("\"name\":\"A\"", "\"name\":\"B\""),
        ("\"paths\":[\"*\"]", "\"paths\":[\"*\"],\"path_hash_prefixes\":[\"00\"]"),
        ("\"paths\":[\"*\"]", "\"path\":[\"*\"]"), ("\"paths\":[\"*\"]", "\"paths\":[1]"),
        ("\"threshold\":1", "\"threshold\":0"), ("\"terminating\":false", "\"terminating\":0"),
    ])
    func `a delegation that is none is refused`(piece: String, other: String) throws {
        let graph = DelegationGraph(
            edges: ["targets": [("A", ["*"], false), ("B", ["*"], false)]])
        let text = String(decoding: try graph.role("targets").envelope.bytes, as: UTF8.self)
        let changed = bytes(text.replacing(piece, with: other, maxReplacements: 1))
        #expect(fault { _ = try TUFTargets(changed, role: "targets") }?.kind == "malformed")
    }

    @Test func `a path longer than any server takes is not looked for`() throws {
        let graph = DelegationGraph(edges: [:])
        let long = TUFName(String(repeating: "a", count: 5_000))
        #expect(fault { _ = try graph.walk(long) }?.kind == "malformed")
    }
}
