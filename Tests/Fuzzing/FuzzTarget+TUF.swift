import StrictJSON
import TUF

extension FuzzTarget {
    /// Pieces between zero bytes are a root, a timestamp, a snapshot, targets and roles that these trust.
    ///
    /// Each is also read as every other kind. Signatures count as good, so that what lies behind them is
    /// reached.
    func takeMetadata(_ bytes: [UInt8]) {
        let pieces = bytes.split(separator: 0, maxSplits: 7, omittingEmptySubsequences: false)
            .map { Array($0) }
        for piece in pieces {
            Self.inspect((try? TUFRoot(piece))?.envelope)
            Self.inspect((try? TUFTimestamp(piece))?.envelope)
            Self.inspect((try? TUFSnapshot(piece))?.envelope)
            Self.inspect((try? TUFTargets(piece, role: "role"))?.envelope)
        }
        for start in [0, 1_900_000_000] as [Int64] { Self.update(pieces, TUFTime(seconds: start)) }
        let text = TUFName(String(decoding: pieces[0].prefix(300), as: UTF8.self))
        precondition(!text.quoted.utf8.contains(UInt8(ascii: "/")))
        _ = PathPattern(text.text).matches("a/b.json")
        if let time = TUFTime(text.text) { precondition(time.description == text.text) }
    }

    /// What is signed has one form, whatever it was written like.
    private static func inspect(_ envelope: TUFEnvelope?) {
        guard let envelope else { return }
        let again = try? JSONParser.parse(
            Array(envelope.signed.canonicalText.utf8), wholeNumbers: true)
        precondition(again.flatMap(CanonicalJSON.encode) == envelope.message)
    }

    private static func update(_ pieces: [[UInt8]], _ start: TUFTime) {
        guard var trusted = try? TrustedMetadata(root: pieces[0], start: start) else { return }
        let before = trusted.root
        for piece in pieces { try? trusted.takeRoot(piece) }
        _ = try? trusted.forgets(since: before)
        for piece in pieces { _ = try? trusted.takeTimestamp(piece) }
        for piece in pieces { try? trusted.takeSnapshot(piece) }
        for piece in pieces { try? trusted.takeTargets(piece) }
        guard let targets = trusted.targets else { return }
        for path in ["file", "a/file", ""] as [TUFName] {
            guard var search = try? TargetSearch(path, in: targets, mostRoles: 8) else { return }
            var steps = 0
            while case .read(let authority)? = try? search.next() {
                steps += 1
                precondition(steps < 8, "a search has no end")
                for piece in pieces {
                    guard let role = try? trusted.role(piece, authority) else { continue }
                    search.take(role)
                    break
                }
            }
            if case .found(let target)? = try? search.next() {
                _ = try? target.check(pieces[0])
                _ = target.location(hasConsistentSnapshots: true)
            }
        }
    }
}
