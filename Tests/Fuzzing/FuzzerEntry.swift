import Glibc

/// The door named by `AMPHORA_FUZZ_TARGET`; ends the process when there is none or when the profile
/// set is missing.
private let chosen: FuzzTarget = {
    let name = getenv("AMPHORA_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name), Shipped.isComplete else {
        Shipped.giveUp("no target '\(name)', or no profile set at AMPHORA_PROFILE_SET")
    }
    return target
}()

/// What libFuzzer calls; it looks the symbol up, so it has to be visible.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen.take(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
