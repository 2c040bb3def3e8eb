import Bank
import Modbus
import StrictJSON

extension PackMapLoader {
    /// Cells or probes: a run of equal entries or a list of runs, numbered on; returns how many a
    /// usual pack has.
    mutating func readRuns(
        _ key: String, most: Int, factor: Int64, _ target: (UInt8) -> ValueTarget
    ) -> Int {
        guard let item = root.item(key) else { return 0 }
        guard case .array(let items) = item.value else {
            guard let section = root.section(key) else { return 0 }
            return readRun(section, key, most: most, factor: factor, target)
        }
        if items.isEmpty { root.fault(key, "is empty, expected runs") }
        var count = 0
        for var section in root.sections(key) {
            for word in ["counted_by", "present_mask", "most"] where section.has(word) {
                section.fault(word, "is not for one of several runs")
                _ = section.item(word)
            }
            let before = count
            if before == most {
                section.fault("count", "makes more than \(most) \(key) together")
                break
            }
            count += readRun(section, key, most: most - before, factor: factor) {
                target(UInt8(before) + $0)
            }
        }
        return count
    }

    private mutating func readRun(
        _ section: JSONSection, _ key: String, most: Int, factor: Int64,
        _ target: (UInt8) -> ValueTarget
    ) -> Int {
        var section = section
        let nominal = section.requiredInteger("count", in: 1...most) ?? 0
        let limit = section.integer("most", in: max(1, nominal)...most)
        let rule = readRule(&section, target(0), factor: factor)
        let stride = section.integer("stride", in: 1...64)
        guard nominal > 0, let rule, let first = place(&section, rule.type, bytes: rule.type.span)
        else {
            for member in ["counted_by", "present_mask"] { _ = section.item(member) }
            section.finish()
            return nominal
        }
        let isCells = key == "cells"
        if isCells, first.place.anchor != .start {
            section.fault("at", "follows another run, which only probes can")
        }
        let isByBytes = first.isByBytes || rule.type.span == 1
        let step =
            stride.map { $0 * (isByBytes ? 1 : 2) } ?? (rule.type.span == 1 ? 1 : rule.type.span)
        var run = RunRow(
            block: UInt8(first.region), isCells: isCells, place: first.place,
            stride: UInt16(step), nominal: UInt8(nominal), most: UInt8(nominal))
        run.count = operand("counted_by", MapType.u16, &section, first.region)
        run.presence = operand("present_mask", MapType.all[2], &section, first.region)
        let hasOwnLength = regions[first.region].isOwnLength
        let fitting = limit ?? (hasOwnLength && run.count != nil ? most : nominal)
        run.most = UInt8(fitting)
        add(run, rule, target, section)
        section.finish()
        return nominal
    }

    private mutating func operand(
        _ key: String, _ fallback: MapType, _ section: inout JSONSection, _ region: Int
    ) -> Place? {
        guard var entry = section.section(key) else { return nil }
        defer { entry.finish() }
        guard let type = entry.word("type", MapType.words, default: fallback) else { return nil }
        return place(&entry, type, bytes: type.span, owner: region)?.place
    }

    /// Adds a value for each entry there can be.
    private mutating func add(
        _ run: RunRow, _ rule: ValueRule, _ target: (UInt8) -> ValueTarget, _ section: JSONSection
    ) {
        let region = regions[Int(run.block)]
        var places: [Place] = []
        for index in 0..<Int(run.most) {
            var place = run.place
            let offset = Int(place.offset) + index * Int(run.stride)
            let end = offset + place.type.width
            let isBeyond = place.anchor == .start && end > region.mostBytes
            if isBeyond, index >= Int(run.nominal), region.isOwnLength { break }
            if isBeyond {
                section.fault(
                    "count",
                    "needs \(end) bytes of block '\(region.name)', which has \(region.mostBytes)")
                return
            }
            place.offset = UInt16(offset)
            places.append(place)
            append(
                target(UInt8(index)), rule,
                MapPlace(
                    region: Int(run.block), place: place, isByBytes: true))
        }
        if run.count != nil || run.presence != nil {
            var run = run
            run.most = UInt8(places.count)
            plan.runs.append(run)
            places += [run.count, run.presence].compactMap { $0 }
            keepTogether(Int(run.block), places)
        } else {
            for place in places { keepTogether(Int(run.block), [place]) }
        }
    }
}

extension MapRegion {
    /// Whether an answer is as long as the pack likes.
    var isOwnLength: Bool {
        if case .ranged = form { return true }
        return false
    }
}
