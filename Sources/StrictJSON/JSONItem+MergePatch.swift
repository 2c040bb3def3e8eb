extension JSONItem {
    /// This document changed by a merge patch (RFC 7396): objects merge, null removes, everything
    /// else replaces.
    ///
    /// What is kept from this document has line 0 afterwards, because lines are told of the patch.
    package func merged(with patch: JSONItem) -> JSONItem {
        withoutLines.changed(by: patch)
    }

    /// This document without one of its members.
    package func removing(_ name: String) -> JSONItem {
        guard case .object(let members) = value else { return self }
        return JSONItem(value: .object(members.filter { $0.name != name }), line: line)
    }

    private func changed(by patch: JSONItem) -> JSONItem {
        guard case .object(let changes) = patch.value else { return patch }
        var members: [JSONMember] = []
        if case .object(let own) = value { members = own }
        for change in changes {
            let place = members.firstIndex { $0.name == change.name }
            if case .null = change.item.value {
                if let place { members.remove(at: place) }
                continue
            }
            let base = place.map { members[$0].item } ?? JSONItem(value: .object([]), line: 0)
            let member = JSONMember(name: change.name, item: base.changed(by: change.item))
            if let place { members[place] = member } else { members.append(member) }
        }
        return JSONItem(value: .object(members), line: patch.line)
    }

    /// The same content without places.
    private var withoutLines: JSONItem {
        switch value {
        case .object(let members):
            JSONItem(
                value: .object(
                    members.map { JSONMember(name: $0.name, item: $0.item.withoutLines) }), line: 0)
        case .array(let items): JSONItem(value: .array(items.map(\.withoutLines)), line: 0)
        default: JSONItem(value: value, line: 0)
        }
    }

    /// The member of an object, or nil.
    package func member(_ name: String) -> JSONItem? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.name == name }?.item
    }
}
