import Glibc

/// Hands stored inputs to their doors without a fuzzer: `replay TARGET FILE… [-- TARGET FILE…]`.
///
/// A fault ends the process with the name of the input as the last line.
@main struct Replay {
    static func main() {
        guard Shipped.isComplete else {
            Shipped.giveUp("no profile set at AMPHORA_PROFILE_SET")
        }
        for group in CommandLine.arguments.dropFirst().split(separator: "--") {
            guard let name = group.first, let target = FuzzTarget(rawValue: name) else {
                Shipped.giveUp("no target '\(group.first ?? "")'")
            }
            for path in group.dropFirst() {
                print("replay: \(path)")
                fflush(nil)
                target.take(Shipped.read(path))
            }
        }
    }
}
