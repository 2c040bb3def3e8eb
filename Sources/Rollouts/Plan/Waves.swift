import Telemetry

/// Cuts the gateways of a rollout into waves.
package enum Waves {
    /// The usual ones: a few, a tenth, all.
    package static var usual: [Share] { [.part(100), .part(1_000), .all] }

    /// Reads `10,5%,all`; throws with what was found.
    ///
    /// Each says how many gateways are reached when the wave is done, those of earlier waves included;
    /// the last one reaches all, and is added where it is missing.
    package static func parse(_ text: String) throws(RolloutFault) -> [Share] {
        var shares: [Share] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let share = word == "all" ? .all : Share(String(word)), share != .count(0),
                share != .part(0)
            else {
                throw RolloutFault(RolloutRefusal.waveWrong.filled(["found": word]))
            }
            shares.append(share)
        }
        if shares.last != .all { shares.append(.all) }
        for (share, next) in zip(shares, shares.dropFirst()) where !isLess(share, next) {
            throw RolloutFault(
                RolloutRefusal.waveOrder.filled(["found": next, "before": share]))
        }
        return shares
    }

    private static func isLess(_ share: Share, _ next: Share) -> Bool {
        switch (share, next) {
        case (.all, _): false
        case (.count(let one), .count(let other)): one < other
        case (.part(let one), .part(let other)): one < other
        // what reaches more depends on how many there are
        default: true
        }
    }

    /// How many gateways each wave has, of `total`; a wave that adds none is left out.
    package static func sizes(_ shares: [Share], of total: Int) -> [Int] {
        var (sizes, reached) = ([Int](), 0)
        for share in shares + [.all] {
            let more = share.roundedUp(of: total) - reached
            guard more > 0 else { continue }
            sizes.append(more)
            reached += more
        }
        return sizes
    }

    /// The order in which gateways come: those with the tag `first` before the others, and else by
    /// chance that the name of the rollout decides, so that it is not always the same ones.
    package static func order(_ sites: [Site], of rollout: String, first: String?) -> [String] {
        let keyed = sites.map { site in
            (
                isLater: first.map { !site.tags.contains($0) } ?? false,
                chance: hash("\(rollout) \(site.id)"), id: site.id
            )
        }
        return keyed.sorted {
            ($0.isLater ? 1 : 0, $0.chance, $0.id) < ($1.isLater ? 1 : 0, $1.chance, $1.id)
        }.map(\.id)
    }

    /// FNV-1a of 64 bits, and a stir, since its low bits know the last character too well.
    private static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return hash ^ (hash >> 32)
    }
}
