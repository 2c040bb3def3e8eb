/// The pairs of this gateway in their folder, and which of them it is at this moment.
///
/// ```
/// pair-1f0c…/  key.pem certificate.pem authorities.pem    one folder for each pair
/// current  ->  pair-…      the pair in use
/// previous ->  pair-…      the one before
/// factory      a folder, or a link to anywhere: the pair from the factory, which opens the door only
/// pending  ->  pair-…      a pair that waits for its certificate or its proof
/// ```
///
/// 1. A key and its certificate are one unit; links change to a pair only when it is complete and proved.
/// 2. Whatever moment the process ends at, the next start finds a pair that worked before.
/// 3. What a link leads to is never removed, and nothing is removed unless the pair in use is good.
package struct IdentityStore: Sendable {
    /// How a pair was found.
    package enum Door: String, CaseIterable, Sendable {
        /// The pair in use.
        case current
        /// The pair before it.
        case previous
        /// The pair from the factory.
        case factory
    }

    /// Where everything lies.
    package let folder: IdentityFolder
    /// The id that certificates must name; nil takes what they say.
    package let gateway: String?

    /// Opens nothing; the folder may be missing.
    package init(folder: IdentityFolder, gateway: String?) {
        self.folder = folder
        self.gateway = gateway
    }

    /// Chooses the pair to use: the current one, else the one before, else the one from the factory.
    ///
    /// When no pair is good but one has only a fault of time, that one is chosen with its fault: the
    /// clock may be what is wrong, and the fleet decides. Throws ``ProvisioningError/Kind/noIdentity``
    /// when there is none, ``ProvisioningError/Kind/storage`` when the folder cannot be read.
    package func select(clock: ClockReading) throws(ProvisioningError) -> IdentitySelection {
        var faults: [IdentitySelection.Rejected] = []
        var lastResort: IdentitySelection?
        for door in Door.allCases {
            do throws(IdentityFault) {
                let pair = try load(door)
                do throws(IdentityFault) {
                    try pair.check(gateway: gateway, clock: clock)
                    return IdentitySelection(
                        door: door, pair: pair, fault: nil, rejected: faults, clock: clock)
                } catch {
                    if error.isOfTime, lastResort == nil {
                        lastResort = IdentitySelection(
                            door: door, pair: pair, fault: error, rejected: [], clock: clock)
                    }
                    faults.append((door, error))
                }
            } catch {
                faults.append((door, error))
            }
        }
        if var lastResort {
            lastResort.rejected = faults
            return lastResort
        }
        let reasons = faults.map { "\n  \($0.door.rawValue): \($0.fault)" }.joined()
        throw ProvisioningError(
            .noIdentity, "no identity in '\(folder.path)':\(reasons)\nenrol this gateway first")
    }

    private func load(_ door: Door) throws(IdentityFault) -> IdentityPair {
        // A pair is known by the folder that a link leads to, so that it stays itself when links change.
        // The one from the factory never moves, and may be a link to a partition of its own.
        let goal = door == .factory ? nil : folder.goal(of: door.rawValue)
        let name = goal ?? door.rawValue
        guard folder.exists(door.rawValue), !name.contains("/") else {
            throw .absent(path: folder.file(door.rawValue))
        }
        return try IdentityPair.load(from: folder, name)
    }
}

/// The pair that a gateway uses, and why not another one.
package struct IdentitySelection: Sendable {
    /// A pair that was passed over, and why.
    package typealias Rejected = (door: IdentityStore.Door, fault: IdentityFault)

    /// How the pair was found.
    package let door: IdentityStore.Door
    /// The pair.
    package let pair: IdentityPair
    /// What is wrong with the pair itself: a fault of time, or nothing.
    package let fault: IdentityFault?
    /// The pairs that were looked at and not taken, in order.
    package fileprivate(set) var rejected: [Rejected]
    /// The clock at that moment.
    package let clock: ClockReading

    /// What the operator has to know: pairs passed over although they were there, and a suspect clock.
    package var warnings: [String] {
        var lines: [String] = []
        for (door, fault) in rejected {
            if case .absent = fault, door != .current { continue }
            lines.append("the \(door.rawValue) pair is not used: \(fault)")
        }
        if let fault {
            lines.append(
                "the \(door.rawValue) pair is used all the same, no better one is here: \(fault)")
        } else if door != .current {
            lines.append("the \(door.rawValue) pair is used instead")
        }
        if let warning = clock.warning { lines.append(warning) }
        return lines
    }
}
