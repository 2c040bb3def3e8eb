import CertificateAuthority
import Glibc
import TUF

extension ProfileRepository {
    /// How long a file stays that nothing names any more, in seconds.
    private static var grace: Int64 { 86_400 }

    /// Removes files that nothing names any more, a day after they came; gives how many.
    ///
    /// Roots stay for ever: gateways that slept for years follow them one by one.
    @discardableResult
    package func prune(now: TUFTime) throws -> Int {
        let edition = try edition()
        guard let snapshot = edition.snapshot else { return 0 }
        var named: Set<String> = ["timestamp.json", "\(snapshot.envelope.version).snapshot.json"]
        var targets = edition.targets.map { Array($0.targets.values) } ?? []
        for (file, mark) in snapshot.files {
            let role = TUFName(String(file.text.dropLast(".json".count)))
            named.insert("\(mark.version).\(role.quoted).json")
            if role.text.hasPrefix("assignments-"),
                let bin = try Edition.role(role, snapshot, self)
            {
                targets += bin.targets.values
            }
        }
        var gone = 0
        for name in try DurableFile.names(in: file("published/metadata"))
        where !named.contains(name) && !name.hasSuffix(".root.json") {
            gone += try removeIfOld(metadata(name), now)
        }
        let places = Set(targets.map { $0.location(hasConsistentSnapshots: true) })
        for folder in ["sets", "assignments"] {
            for name in try DurableFile.names(in: file("published/targets/\(folder)"))
            where !places.contains("\(folder)/\(name)") {
                gone += try removeIfOld(file("published/targets/\(folder)/\(name)"), now)
            }
        }
        return gone
    }

    private func removeIfOld(_ path: String, _ now: TUFTime) throws -> Int {
        var status = stat()
        guard lstat(path, &status) == 0, Int64(status.st_mtim.tv_sec) < now.seconds - Self.grace
        else { return 0 }
        try DurableFile.remove(path)
        return 1
    }
}
