import StrictJSON

/// A profile's text before it is read: joined with the profile it extends and with its quirks.
struct ProfileDocument {
    /// Finds the files of another profile of the same set.
    typealias Resolve = (String) -> (profile: [UInt8], layout: [UInt8])?

    /// What the loader reads.
    private(set) var root: JSONItem
    /// The layout of the frames; that of the base where the profile has none.
    private(set) var layout: [UInt8]
    private var faults: FaultList

    init(
        _ profile: [UInt8], layout: [UInt8], resolve: Resolve?, faults: FaultList
    ) throws(JSONError) {
        root = try JSONParser.parse(profile)
        self.layout = layout
        self.faults = faults
        guard let entry = Self.member("extends", of: root) else { return }
        guard case .string(let base) = entry.value else {
            faults.add(
                line: entry.line, "'extends' is \(entry.value.kind), expected a profile's id")
            return
        }
        extend(base, line: entry.line, resolve)
    }

    /// The base's text is another file; its lines would mislead and are left out.
    private mutating func extend(_ base: String, line: Int, _ resolve: Resolve?) {
        guard let files = resolve?(base) else {
            return faults.add(line: line, "'extends' is '\(base)', which the set does not have")
        }
        let item: JSONItem
        do {
            item = try JSONParser.parse(files.profile)
        } catch {
            return faults.add(line: line, "'extends' is '\(base)', whose \(error.description)")
        }
        if case .string(let further)? = Self.member("extends", of: item)?.value {
            faults.add(
                line: line,
                "'extends' is '\(base)', which itself extends '\(further)'; one level is allowed")
        }
        for key in ["id", "title"] where Self.member(key, of: root) == nil {
            faults.add(line: root.line, "'\(key)' is missing, expected a text")
        }
        root = apply(root, to: Self.withoutLines(item), without: ["extends"], path: "")
        if layout.isEmpty { layout = files.layout }
    }

    /// The same text with another place for faults.
    func collecting(_ faults: FaultList) -> ProfileDocument {
        var copy = self
        copy.faults = faults
        return copy
    }

    /// Switches quirks on, in this order.
    mutating func switchOn(_ quirks: [String]) {
        for (index, id) in quirks.enumerated() {
            let known = Self.quirks(of: root)
            guard let quirk = known.first(where: { $0.id == id }) else {
                let names = known.map(\.id).joined(separator: ", ")
                faults.add(
                    line: 0,
                    "there is no quirk '\(id)', allowed \(names.isEmpty ? "none" : names)")
                continue
            }
            if quirks[..<index].contains(id) {
                faults.add(line: 0, "the quirk '\(id)' is switched on twice")
            }
            guard let changes = quirk.changes else { continue }
            root = apply(
                changes, to: root, without: [], path: "the changes of quirk '\(id)'")
        }
    }

    /// The quirks with what they change, as far as they can be read.
    static func quirks(of root: JSONItem) -> [(id: String, changes: JSONItem?)] {
        guard case .array(let items)? = member("quirks", of: root)?.value else { return [] }
        return items.compactMap { item in
            guard case .string(let id)? = member("id", of: item)?.value else { return nil }
            return (id, member("changes", of: item))
        }
    }

    /// A merge patch, and the list of frames patched by message.
    private func apply(
        _ patch: JSONItem, to base: JSONItem, without left: Set<String>, path: String
    ) -> JSONItem {
        guard case .object(let members) = patch.value else {
            let name = path.isEmpty ? "the document" : path
            faults.add(
                line: patch.line, "\(name) is \(patch.value.kind), expected an object")
            return base
        }
        for key in ["schema", "id", "extends", "quirks"] where !path.isEmpty {
            if let member = members.first(where: { $0.name == key }) {
                faults.add(line: member.item.line, "\(path) must leave '\(key)' alone")
            }
        }
        let plain = members.filter { $0.name != "frames_changed" && !left.contains($0.name) }
        let merged = Self.merge(base, JSONItem(value: .object(plain), line: patch.line))
        guard let changes = Self.member("frames_changed", of: patch),
            case .object(var members) = merged.value
        else { return merged }
        let frames = changeFrames(Self.member("frames", of: merged), changes)
        members.removeAll { $0.name == "frames" }
        members.append(JSONMember(name: "frames", item: frames))
        return JSONItem(value: .object(members), line: merged.line)
    }

    /// Changes, removes and, where the message is not in the list yet, appends frames.
    private func changeFrames(_ list: JSONItem?, _ changes: JSONItem) -> JSONItem {
        var frames: [JSONItem] = []
        if case .array(let items)? = list?.value { frames = items }
        guard case .object(let members) = changes.value else {
            faults.add(
                line: changes.line,
                "'frames_changed' is \(changes.value.kind), expected an object")
            return JSONItem(value: .array(frames), line: changes.line)
        }
        for change in members {
            let places = frames.indices.filter { Self.message(of: frames[$0]) == change.name }
            if case .null = change.item.value {
                if places.isEmpty {
                    faults.add(
                        line: change.item.line,
                        "'frames_changed.\(change.name)' removes a frame that is not there")
                }
                frames.removeAll { Self.message(of: $0) == change.name }
            } else if places.isEmpty {
                let name = JSONItem(value: .string(change.name), line: change.item.line)
                let named = JSONMember(name: "message", item: name)
                let frame = JSONItem(value: .object([named]), line: change.item.line)
                frames.append(Self.merge(frame, change.item))
            } else {
                for place in places {
                    let change =
                        places.count > 1
                        ? Self.limited(change.item, to: frames[place]) : change.item
                    frames[place] = Self.merge(Self.cleared(frames[place], for: change), change)
                }
            }
        }
        return JSONItem(value: .array(frames), line: changes.line)
    }

    /// Of a message with several pages, each page takes only changes of signals it has.
    private static func limited(_ change: JSONItem, to frame: JSONItem) -> JSONItem {
        guard case .object(let members) = change.value,
            case .object(let signals)? = member("signals", of: change)?.value
        else { return change }
        let own = member("signals", of: frame)
        let kept = signals.filter { signal in own.flatMap { member(signal.name, of: $0) } != nil }
        let rest = members.filter { $0.name != "signals" }
        let item = JSONItem(value: .object(kept), line: change.line)
        return JSONItem(
            value: .object(rest + [JSONMember(name: "signals", item: item)]), line: change.line)
    }

    /// The frame without the signals whose entry becomes one of another kind, such as a constant
    /// instead of a value: merged, they would be both.
    private static func cleared(_ frame: JSONItem, for change: JSONItem) -> JSONItem {
        guard case .object(var members) = frame.value,
            let place = members.firstIndex(where: { $0.name == "signals" }),
            case .object(let signals) = members[place].item.value,
            let changes = member("signals", of: change)
        else { return frame }
        let kept = signals.filter { signal in
            guard let entry = member(signal.name, of: changes) else { return true }
            return CANProfileLoader.kinds.allSatisfy { kind in
                member(kind, of: entry) == nil || member(kind, of: signal.item) != nil
            }
        }
        let item = JSONItem(value: .object(kept), line: members[place].item.line)
        members[place] = JSONMember(name: "signals", item: item)
        return JSONItem(value: .object(members), line: frame.line)
    }

    /// RFC 7396: objects are merged, null removes, anything else replaces.
    static func merge(_ target: JSONItem, _ patch: JSONItem) -> JSONItem {
        guard case .object(let changes) = patch.value else { return patch }
        var members: [JSONMember] = []
        if case .object(let present) = target.value { members = present }
        for change in changes {
            let place = members.firstIndex { $0.name == change.name }
            if case .null = change.item.value {
                if let place { members.remove(at: place) }
                continue
            }
            let empty = JSONItem(value: .null, line: change.item.line)
            let item = merge(place.map { members[$0].item } ?? empty, change.item)
            let member = JSONMember(name: change.name, item: item)
            if let place { members[place] = member } else { members.append(member) }
        }
        return JSONItem(value: .object(members), line: patch.line)
    }

    static func member(_ name: String, of item: JSONItem) -> JSONItem? {
        guard case .object(let members) = item.value else { return nil }
        return members.first { $0.name == name }?.item
    }

    private static func message(of frame: JSONItem) -> String? {
        guard case .string(let name)? = member("message", of: frame)?.value else { return nil }
        return name
    }

    private static func withoutLines(_ item: JSONItem) -> JSONItem {
        switch item.value {
        case .array(let items): JSONItem(value: .array(items.map(withoutLines)), line: 0)
        case .object(let members):
            JSONItem(
                value: .object(
                    members.map { JSONMember(name: $0.name, item: withoutLines($0.item)) }),
                line: 0)
        default: JSONItem(value: item.value, line: 0)
        }
    }
}
