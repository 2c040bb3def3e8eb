import ProfileSet

extension FuzzTarget {
    /// The first line names a file of the shipped set, the rest is put in its place, or added.
    ///
    /// The set is examined as it comes and once more sealed, so that what hides behind the hashes is
    /// reached; then it is compared with the shipped one.
    func takeSet(_ bytes: [UInt8]) {
        let cut = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
        let path = String(decoding: bytes[..<cut], as: UTF8.self)
        var files = Shipped.files
        files[path] = Array(bytes[cut...].dropFirst())
        let runtime = SemanticVersion(0, 1, 0)
        precondition(
            SetExamination(files, runtime: runtime).set == nil || files == Shipped.files,
            "a changed set was taken with its old seal")
        let request = SealRequest()
        if let manifest = try? SetManifest.sealed(
            files, request, fallback: "fuzz", runtime: runtime)
        {
            files["set.json"] = Array(manifest.document.utf8)
            let examination = SetExamination(files, runtime: runtime)
            for id in examination.profiles.keys { _ = examination.document(.profile(id)) }
            if examination.faults.isEmpty { precondition(examination.set != nil) }
        }
        _ = try? SetDifference.compare(Shipped.files, files, name: "fuzz")
    }

    /// A packed set; what is taken must be packed into the same bytes again.
    func takeArchive(_ bytes: [UInt8]) {
        guard let files = try? SetArchive.unpack(bytes, name: "fuzz") else { return }
        for path in files.keys { precondition(SetPath(path) != nil, "a path left the set") }
        precondition(
            (try? SetArchive.pack(files, name: "fuzz")) == bytes, "one set has two archives")
        _ = SetExamination(files, runtime: SemanticVersion(0, 1, 0)).faults
    }
}
