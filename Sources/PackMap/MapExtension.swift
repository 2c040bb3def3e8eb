import StrictJSON

/// Documents that say only what differs from another map.
enum MapExtension {
    /// The whole document: the one that `extends` names, changed by this one.
    static func apply(
        _ item: JSONItem, faults: FaultList, resolve: (String) -> [UInt8]?
    ) -> JSONItem {
        guard let link = item.member("extends") else { return item }
        func fault(_ message: String) -> JSONItem {
            faults.add(line: link.line, "'extends' \(message)")
            return item
        }
        guard case .string(let id) = link.value else {
            return fault("is \(link.value.kind), expected the id of a map")
        }
        guard let bytes = resolve(id) else { return fault("names '\(id)', there is no such map") }
        let base: JSONItem
        do {
            base = try JSONParser.parse(bytes)
        } catch {
            return fault("names '\(id)', which does not load: \(error.description)")
        }
        if base.member("extends") != nil {
            return fault("names '\(id)', which extends a map itself; one level is allowed")
        }
        for key in ["id", "title", "confidence", "sources"] where item.member(key) == nil {
            faults.add(
                line: item.line, "'\(key)' is missing, a map that extends another gives its own")
        }
        return base.merged(with: item).removing("extends")
    }
}
