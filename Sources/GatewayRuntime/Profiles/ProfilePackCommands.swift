import ArgumentParser
import GatewaySettings
import Glibc
import ProfileSet

/// `profile pack`.
struct ProfilePackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Write a good set as one file, which a gateway can be given.",
        discussion: """
            The file is a plain tar archive, always the same for the same set. Prints its SHA-256, its \
            length in bytes and what it holds. A set with any fault is not packed.

            Exit status: 0 packed, 1 the set has faults, 3 the folder cannot be read or the file not \
            written.
            """)

    @Argument(help: "The folder of the set.", completion: .directory)
    var folder: String

    @Argument(help: "The file to write.", completion: .file())
    var file: String

    func run() throws {
        do {
            let contents = try ProfileFolder(path: folder).contents()
            let set = try ProfileSet.load(
                contents.files, unread: contents.unread, runtime: Version.semantic, name: folder)
            let archive = try SetArchive.pack(contents.files, name: folder)
            try FileBytes.replace(file, with: archive)
            print("\(Fingerprint.hex(archive)) \(archive.count) \(set.words)")
        } catch let error as ProfileSetError {
            for fault in error.faults { Output.note("\(fault)") }
            Output.note("\(folder): not packed")
            throw ExitCode(ExitStatus.failure)
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }
}

/// `profile unpack`.
struct ProfileUnpackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpack",
        abstract: "Write the files of a packed set into a new folder.",
        discussion: """
            Proves nothing but the form of the file; 'profile lint' proves the set.

            Exit status: 0 unpacked, 1 the file is no packed set, 2 the folder is there already, 3 \
            the file cannot be read or the folder not written.
            """)

    @Argument(help: "The packed set.", completion: .file())
    var file: String

    @Argument(help: "The folder to make.", completion: .directory)
    var folder: String

    func run() throws {
        do {
            let bytes = try FileBytes.read(file, limit: SetArchive.mostBytes)
            let files = try SetArchive.unpack(bytes, name: file)
            guard mkdir(folder, 0o755) == 0 else {
                if errno != EEXIST { throw FileError(writing: folder) }
                Output.note("'\(folder)' is there already, expected a folder to make")
                throw ExitCode(ExitStatus.usage)
            }
            for (path, content) in files {
                var parent = folder
                for part in path.split(separator: "/").dropLast() {
                    parent += "/\(part)"
                    mkdir(parent, 0o755)
                }
                try FileBytes.replace("\(folder)/\(path)", with: content)
            }
            print("\(folder): \(ProfileDesk.count(files.count, "file"))")
        } catch let error as ProfileSetError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.failure)
        } catch let error as FileError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }
}
