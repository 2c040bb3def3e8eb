import StrictJSON

extension CANProfile {
    /// The text of a profile with what it extends merged in, for people; nil when it is no JSON.
    ///
    /// Faults are the business of `load`.
    package static func document(
        profile: [UInt8], resolve: @escaping (String) -> (profile: [UInt8], layout: [UInt8])?
    ) -> JSONItem? {
        try? ProfileDocument(profile, layout: [], resolve: resolve, faults: FaultList()).root
    }
}
