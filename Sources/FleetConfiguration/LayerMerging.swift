import StrictJSON

/// What layers come to, and how one is changed.
package enum LayerMerging {
    /// An empty object.
    package static let nothing = JSONItem(value: .object([]), line: 0)

    /// Layers laid over each other in their order (RFC 7396), from nothing.
    package static func effective(_ layers: [JSONItem]) -> JSONItem {
        layers.reduce(nothing) { $0.merged(with: $1) }
    }

    /// One layer in place of two: laid over anything, it does what both did, one after the other.
    ///
    /// Unlike a merge it keeps null, which in a layer means that what lower layers set does not count. Only
    /// where the change sets a key inside what the layer removed or replaced, the lower layers' other keys
    /// beside it count again: a merge patch has no words for that.
    package static func composed(_ layer: JSONItem, _ change: JSONItem) -> JSONItem {
        guard case .object(let changes) = change.value else { return change }
        var members: [JSONMember] = []
        if case .object(let own) = layer.value { members = own }
        for change in changes {
            guard let place = members.firstIndex(where: { $0.name == change.name }) else {
                members.append(change)
                continue
            }
            let item = composed(members[place].item, change.item)
            members[place] = JSONMember(name: change.name, item: item)
        }
        return JSONItem(value: .object(members), line: 0)
    }

    /// A layer without a key, so that what lower layers set counts again.
    ///
    /// Objects that become empty go too. Nil when the key is not set in it.
    package static func removing(_ path: [String], from layer: JSONItem) -> JSONItem? {
        guard let name = path.first, case .object(var members) = layer.value,
            let place = members.firstIndex(where: { $0.name == name })
        else { return nil }
        if path.count > 1 {
            guard let rest = removing(Array(path.dropFirst()), from: members[place].item) else {
                return nil
            }
            if case .object(let left) = rest.value, left.isEmpty {
                members.remove(at: place)
            } else {
                members[place] = JSONMember(name: name, item: rest)
            }
        } else {
            members.remove(at: place)
        }
        return JSONItem(value: .object(members), line: 0)
    }

    /// Every value of a document by its full name, `line[0].map`, in the order of the document.
    package static func leaves(_ item: JSONItem, path: String = "") -> [(
        key: String, value: String
    )] {
        switch item.value {
        case .object(let members) where !members.isEmpty:
            members.flatMap {
                leaves($0.item, path: path.isEmpty ? $0.name : "\(path).\($0.name)")
            }
        case .array(let items) where items.contains { $0.isObject }:
            items.enumerated().flatMap { leaves($1, path: "\(path)[\($0)]") }
        default: path.isEmpty ? [] : [(path, item.canonicalText)]
        }
    }

    /// What differs between two documents, key by key in the order of their names.
    package static func difference(_ old: JSONItem, _ new: JSONItem) -> [SettingChange] {
        let before = Dictionary(leaves(old).map { ($0.key, $0.value) }) { $1 }
        let after = Dictionary(leaves(new).map { ($0.key, $0.value) }) { $1 }
        return Set(before.keys).union(after.keys).sorted()
            .map { SettingChange(key: $0, old: before[$0], new: after[$0]) }
            .filter { $0.old != $0.new }
    }
}

/// One key whose value differs.
package struct SettingChange: Hashable, Sendable {
    /// The full name.
    package let key: String
    /// The values as JSON; nil where it is not set.
    package let old: String?, new: String?

    /// Joins the parts.
    package init(key: String, old: String?, new: String?) {
        self.key = key
        self.old = old
        self.new = new
    }
}

extension JSONItem {
    fileprivate var isObject: Bool {
        if case .object = value { true } else { false }
    }
}
