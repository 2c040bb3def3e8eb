extension Device: RowReadable {
    static let columns = """
        id, label, device_group, tags, model, region, zone, needs_approval, created_ms
        """

    init(from row: inout some RowSource) {
        self.init(
            id: row.word(), label: row.word(), group: row.word(),
            tags: Self.tags(row.word()), model: row.word(),
            region: row.word(), zone: row.word(),
            needsApproval: row.number() != 0, createdMilliseconds: row.wide())
    }

    /// The tags in the text that keeps them.
    static func tags(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

    var parameters: [SQLValue] {
        [
            .text(id), .text(label), .text(group), .text(tags.joined(separator: ",")),
            .text(model), .text(region), .text(zone), .number(needsApproval ? 1 : 0),
            .number(createdMilliseconds),
        ]
    }
}

extension PendingEnrolment: RowReadable {
    static let columns =
        "device, request_hash, door, first_ms, last_ms, decided_by, decided_ms"

    init(from row: inout some RowSource) {
        device = row.word()
        requestHash = row.word()
        door = EnrolmentDoor(rawValue: row.word()) ?? .factory
        firstMilliseconds = row.wide()
        lastMilliseconds = row.wide()
        decidedBy = row.text()
        decidedMilliseconds = row.int64()
    }
}

extension MakerAuthority: RowReadable {
    init(from row: inout some RowSource) {
        self.init(name: row.word(), certificate: row.word(), addedMilliseconds: row.wide())
    }
}

extension EnrolledCertificate: RowReadable {
    static let columns = """
        serial, gateway, not_before_ms, not_after_ms, door, request_hash, issued_ms, certificate
        """

    init(from row: inout some RowSource) {
        self.init(
            serial: row.word(), gateway: row.word(), notBeforeMilliseconds: row.wide(),
            notAfterMilliseconds: row.wide(),
            door: EnrolmentDoor(rawValue: row.word()) ?? .factory, requestHash: row.word(),
            issuedMilliseconds: row.wide(), certificate: row.word())
    }

    var parameters: [SQLValue] {
        [
            .text(serial), .text(gateway), .number(notBeforeMilliseconds),
            .number(notAfterMilliseconds), .text(door.rawValue), .text(requestHash),
            .number(issuedMilliseconds), .text(certificate),
        ]
    }
}

/// What is known of a token: when it expires, when and by which request it was used.
struct TokenState: RowReadable {
    let expires: Int64
    let usedFor: String?

    init(from row: inout some RowSource) {
        expires = row.wide()
        usedFor = row.text()
    }
}

/// One text of a row.
struct RowText: RowReadable {
    let text: String

    init(from row: inout some RowSource) { text = row.word() }
}
