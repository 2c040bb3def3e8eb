import Glibc

/// What tells one state of a file from another without reading it; links are followed.
struct FileStamp: Equatable {
    private let device: UInt64
    private let inode: UInt64
    private let bytes: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// Looks at a file; nil when there is none that can be looked at.
    init?(_ path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        device = UInt64(found.st_dev)
        inode = UInt64(found.st_ino)
        bytes = Int64(found.st_size)
        seconds = found.st_mtim.tv_sec
        nanoseconds = found.st_mtim.tv_nsec
    }
}

extension HTTPSConfiguration {
    /// The files that a connection is made with, as they are now.
    var stamps: [FileStamp?] {
        var paths: [String] = []
        if case .file(let path) = authorities { paths.append(path) }
        if let identity { paths += [identity.certificateFile, identity.keyFile] }
        return paths.map { FileStamp($0) }
    }
}
