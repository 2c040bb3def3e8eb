/// A gateway that may enrol.
package struct Device: Hashable, Sendable {
    /// The gateway's id, 1 to 64 characters of `a…z 0…9 -`.
    package var id: String
    /// What people call it.
    package var label: String
    /// The group whose configuration it gets; empty when it has none.
    package var group: String
    /// Words to find it by, none of them with a comma.
    package var tags: [String]
    /// The model of the machine and the region it stands in; empty when nobody said.
    package var model: String, region: String
    /// Its time zone by its IANA name; empty when nobody said.
    package var zone: String
    /// Whether an operator has to approve each first enrolment.
    package var needsApproval: Bool
    /// Unix time in milliseconds when it was added.
    package var createdMilliseconds: Int64

    /// Joins the parts.
    package init(
        id: String, label: String = "", group: String = "", tags: [String] = [],
        model: String = "", region: String = "", zone: String = "",
        needsApproval: Bool = false, createdMilliseconds: Int64
    ) {
        self.id = id
        self.label = label
        self.group = group
        self.tags = tags
        self.model = model
        self.region = region
        self.zone = zone
        self.needsApproval = needsApproval
        self.createdMilliseconds = createdMilliseconds
    }
}

/// A one-time token as the store knows it: never the token itself.
package struct DeviceToken: Hashable, Sendable {
    /// SHA-256 of the token, lower-case hex.
    package var hash: String
    /// The one device it is for.
    package var device: String
    /// Unix times in milliseconds from which and until which it opens the door.
    package var createdMilliseconds: Int64, expiresMilliseconds: Int64

    /// Joins the parts.
    package init(
        hash: String, device: String, createdMilliseconds: Int64, expiresMilliseconds: Int64
    ) {
        self.hash = hash
        self.device = device
        self.createdMilliseconds = createdMilliseconds
        self.expiresMilliseconds = expiresMilliseconds
    }
}

/// An enrolment that waits for an operator, or that one has approved and that was not fetched yet.
package struct PendingEnrolment: Hashable, Sendable {
    /// The gateway's id; there may be no device of it yet.
    package var device: String
    /// SHA-256 of the certificate request, lower-case hex.
    package var requestHash: String
    /// How it showed who it is.
    package var door: EnrolmentDoor
    /// Unix times in milliseconds when it asked first and last with this request.
    package var firstMilliseconds: Int64, lastMilliseconds: Int64
    /// Who approved it; nil while it waits.
    package var decidedBy: String?
    /// Unix time in milliseconds when that was.
    package var decidedMilliseconds: Int64?
}

/// An authority whose factory certificates open the door.
package struct MakerAuthority: Hashable, Sendable {
    /// What people call it; unique.
    package var name: String
    /// Its certificate, PEM.
    package var certificate: String
    /// Unix time in milliseconds when it was registered.
    package var addedMilliseconds: Int64

    /// Joins the parts.
    package init(name: String, certificate: String, addedMilliseconds: Int64) {
        self.name = name
        self.certificate = certificate
        self.addedMilliseconds = addedMilliseconds
    }
}

/// How a gateway shows who it is.
package enum EnrolmentDoor: String, Hashable, Sendable {
    /// A one-time token.
    case token
    /// A certificate from its factory.
    case factory
    /// The certificate it has from us.
    case renewal
}

/// A certificate that the fleet gave out.
package struct EnrolledCertificate: Hashable, Sendable {
    /// Its serial number, lower-case hex without leading zeroes; unique.
    package var serial: String
    /// The gateway it names.
    package var gateway: String
    /// Unix times in milliseconds between which it is valid.
    package var notBeforeMilliseconds: Int64, notAfterMilliseconds: Int64
    /// How the gateway showed who it is.
    package var door: EnrolmentDoor
    /// SHA-256 of the request, lower-case hex.
    package var requestHash: String
    /// Unix time in milliseconds when it was issued.
    package var issuedMilliseconds: Int64
    /// The certificate in DER, as base64.
    package var certificate: String

    /// Joins the parts.
    package init(
        serial: String, gateway: String, notBeforeMilliseconds: Int64,
        notAfterMilliseconds: Int64, door: EnrolmentDoor, requestHash: String,
        issuedMilliseconds: Int64, certificate: String
    ) {
        self.serial = serial
        self.gateway = gateway
        self.notBeforeMilliseconds = notBeforeMilliseconds
        self.notAfterMilliseconds = notAfterMilliseconds
        self.door = door
        self.requestHash = requestHash
        self.issuedMilliseconds = issuedMilliseconds
        self.certificate = certificate
    }
}
