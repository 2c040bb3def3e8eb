import Modbus
import PackMap
import StrictJSON

/// Fixed registers from a file, for packs whose contents were recorded.
///
/// `{"units": [{"unit": 1, "blocks": [{"function": 3, "address": 0, "words": [5204, 0]}]}]}`;
/// words are 0…65535, and 0 or 1 for functions 1 and 2.
package enum RegisterFile {
    /// Reads the registers of each unit; throws with every fault of the file.
    package static func load(
        _ bytes: [UInt8], name: String
    ) throws(SimulationError) -> [UInt8: RegisterImage] {
        let item: JSONItem
        do {
            item = try JSONParser.parse(bytes)
        } catch { throw .file(path: name, fault: error.description) }
        let faults = FaultList()
        var root = JSONSection(item, path: "", faults: faults)
        var images: [UInt8: RegisterImage] = [:]
        for section in root.sections("units") { read(section, into: &images) }
        root.finish()
        if faults.faults.isEmpty, images.isEmpty {
            throw .file(path: name, fault: "'units' is empty, expected at least one unit")
        }
        guard faults.faults.isEmpty else {
            let text = faults.faults.map(\.description).joined(separator: "; ")
            throw .file(path: name, fault: text)
        }
        return images
    }

    private static func read(_ section: JSONSection, into images: inout [UInt8: RegisterImage]) {
        var section = section
        let unit = UInt8(section.requiredInteger("unit", in: 0...247) ?? 0)
        var image = images[unit] ?? RegisterImage()
        for block in section.sections("blocks") { read(block, into: &image) }
        section.finish()
        images[unit] = image
    }

    private static func read(_ section: JSONSection, into image: inout RegisterImage) {
        var section = section
        let number = section.requiredInteger("function", in: 1...4) ?? 3
        let address = section.requiredInteger("address", in: 0...65_535) ?? 0
        let words = section.integers("words")
        section.finish()
        guard let function = FunctionCode(rawValue: UInt8(number)) else { return }
        for (index, word) in words.enumerated() {
            guard let word = UInt16(exactly: word), address + index <= 65_535 else {
                section.fault("words", "contains \(word) at \(index + 1), allowed 0…65535")
                return
            }
            image.set(function, UInt16(address + index), to: word)
        }
    }
}
