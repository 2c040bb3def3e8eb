import StrictJSON

/// Lays the fleet's values over the tables of the file, and notes what may not be there.
///
/// Tables join key by key; a list, such as `line`, is replaced whole. What is kept of the file has
/// line 0 afterwards, because lines are told of the document.
struct LayerMerge {
    let reader: ConfigurationReader

    /// The tables of both; the file's own stay as they are.
    func merge(_ config: JSONItem, over base: TOMLTable) -> TOMLTable {
        guard case .object(let members) = config.value else {
            reader.fault(
                line: config.line, "'config' is \(config.value.kind), expected an object")
            return base
        }
        return table(members, line: config.line, over: base, path: "")
    }

    private func table(
        _ members: [JSONMember], line: Int, over base: TOMLTable?, path: String
    ) -> TOMLTable {
        let merged = TOMLTable(line: line, origin: .inline)
        for key in base?.keys ?? [] {
            guard let item = base?[key], !members.contains(where: { $0.name == key }) else {
                continue
            }
            merged.insert(item.withoutLines, under: key)
        }
        for member in members {
            let path = path.isEmpty ? member.name : "\(path).\(member.name)"
            let below = base?[member.name]
            if isSettable(member, path: path) {
                merged.insert(item(member.item, over: below, path: path), under: member.name)
            } else if let below {
                merged.insert(below.withoutLines, under: member.name)
            }
        }
        return merged
    }

    private func isSettable(_ member: JSONMember, path: String) -> Bool {
        let name = RemoteKeys.general(path)
        if case .null = member.item.value {
            reader.fault(
                line: member.item.line,
                "'\(path)' is null, expected a value; what the fleet does not set is left out")
            return false
        }
        if RemoteKeys.settable.contains(name) || RemoteKeys.isTable(name) { return true }
        let isOnSite = RemoteKeys.onSite.contains {
            $0 == name || $0.hasPrefix("\(name).")
        }
        if isOnSite {
            reader.fault(
                line: member.item.line,
                "'\(path)' is set on site only, expected it in no document of the fleet")
        } else {
            let near = Suggestion.nearest(to: name, among: RemoteKeys.settable)
            let hint = near.map { ", did you mean '\($0)'?" } ?? ""
            reader.fault(line: member.item.line, "'\(path)' is not a known key\(hint)")
        }
        return false
    }

    private func item(_ json: JSONItem, over base: TOMLItem?, path: String) -> TOMLItem {
        TOMLItem(value: value(json, over: base, path: path), line: json.line, layer: .remote)
    }

    private func value(_ json: JSONItem, over base: TOMLItem?, path: String) -> TOMLValue {
        switch json.value {
        // only elements of lists get here, and no list of ours may hold it
        case .null: return .text("")
        case .bool(let flag): return .flag(flag)
        case .string(let text): return .text(text)
        case .number(let number):
            if let whole = number.integer { return .integer(Int(whole)) }
            return .decimal(Double("\(number.coefficient)e\(number.exponent)") ?? .nan)
        case .array(let items):
            return .array(
                items.enumerated().map { item($1, over: nil, path: "\(path)[\($0)]") })
        case .object(let members):
            var below: TOMLTable?
            if case .table(let table)? = base?.value { below = table }
            return .table(table(members, line: json.line, over: below, path: path))
        }
    }
}

extension TOMLItem {
    /// The same content without places.
    var withoutLines: TOMLItem {
        switch value {
        case .array(let items):
            TOMLItem(value: .array(items.map(\.withoutLines)), line: 0, layer: layer)
        case .table(let table):
            TOMLItem(value: .table(table.withoutLines), line: 0, layer: layer)
        default: TOMLItem(value: value, line: 0, layer: layer)
        }
    }
}

extension TOMLTable {
    fileprivate var withoutLines: TOMLTable {
        let copy = TOMLTable(line: 0, origin: .inline)
        for key in keys {
            if let item = self[key] { copy.insert(item.withoutLines, under: key) }
        }
        return copy
    }

    /// The layer of every key that is given, by its full name.
    func layers(below path: String = "") -> [String: SettingLayer] {
        var layers: [String: SettingLayer] = [:]
        for key in keys {
            guard let item = self[key] else { continue }
            let name = path.isEmpty ? key : "\(path).\(key)"
            switch item.value {
            case .table(let table): layers.merge(table.layers(below: name)) { $1 }
            case .array(let items):
                layers[name] = item.layer
                for (index, element) in items.enumerated() {
                    guard case .table(let table) = element.value else { continue }
                    layers.merge(table.layers(below: "\(name)[\(index)]")) { $1 }
                }
            default: layers[name] = item.layer
            }
        }
        return layers
    }
}
