/// What the fleet knows of the gateways that may join it; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block. A gateway
/// is given a certificate under these rules:
///
/// 1. A token opens the door once, for the device it was made for, until it expires. It is used up in
///    the transaction that keeps the certificate.
/// 2. The same request of the same gateway gets the same certificate again for ``repeatWindow``, by the
///    door it came through: an answer that was lost on the way costs nothing.
/// 3. A device that needs approval, and a gateway that no device is known of, wait for an operator. What
///    is approved is one request; another one waits anew.
/// 4. A renewal is for devices that are known still.
package protocol DeviceStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// Adds devices with a token each, all of them or none.
    ///
    /// Gives the ids that are there already; nothing is added when there are some.
    func addDevices(
        _ devices: [(device: Device, token: DeviceToken)]
    ) throws(FleetStoreError) -> [String]

    /// All devices, ordered by id.
    func devices() throws(FleetStoreError) -> [Device]

    /// Changes what is said of a device, all but its id and when it was added; false when there is none.
    func changeDevice(_ device: Device) throws(FleetStoreError) -> Bool

    /// Removes a device, its tokens and what waits for it; false when there is none.
    ///
    /// Its certificates stay on record, and valid: revoke them at the authority.
    func removeDevice(_ id: String) throws(FleetStoreError) -> Bool

    /// Gives a device a token in place of those it has; false when there is no such device.
    func replaceToken(_ token: DeviceToken) throws(FleetStoreError) -> Bool

    /// Enrolments that wait or were approved and not fetched, those that asked first before others.
    func pendingEnrolments() throws(FleetStoreError) -> [PendingEnrolment]

    /// Approves what waits for a gateway, and adds a device where there was none; false when nothing
    /// waits.
    func approve(_ id: String, by person: String, at milliseconds: Int64)
        throws(FleetStoreError) -> Bool

    /// Registers an authority; false when there is one of that name or with that certificate.
    func addMaker(_ maker: MakerAuthority) throws(FleetStoreError) -> Bool

    /// All registered authorities, ordered by name.
    func makers() throws(FleetStoreError) -> [MakerAuthority]

    /// Forgets an authority; false when there is none of that name.
    func removeMaker(_ name: String) throws(FleetStoreError) -> Bool

    /// The certificates given to a gateway, the newest first.
    func certificates(of gateway: String) throws(FleetStoreError) -> [EnrolledCertificate]

    /// Decides on an enrolment in one transaction.
    ///
    /// `issue` is called at most once, and only when a certificate shall be made. When it gives nil,
    /// nothing is changed and the verdict is ``EnrolmentVerdict/notIssued``.
    func enrol(
        _ attempt: EnrolmentAttempt, issue: () -> EnrolledCertificate?
    ) throws(FleetStoreError) -> EnrolmentVerdict
}

/// A gateway asks for a certificate; its request was read and checked, and its door too, up to what
/// only the store knows.
package struct EnrolmentAttempt: Hashable, Sendable {
    /// How long the same request gets the same certificate again, ms: seven days.
    ///
    /// Harmless, since a certificate is of use only to who has the key of the request; long, since a
    /// house may be without a connection for days right after its gateway was enrolled.
    package static let repeatWindow: Int64 = 7 * 86_400_000

    /// The gateway that the request names.
    package var gateway: String
    /// SHA-256 of the request in DER, lower-case hex.
    package var requestHash: String
    /// How it shows who it is.
    package var door: EnrolmentDoor
    /// SHA-256 of the token, where that is the door.
    package var tokenHash: String?
    /// Unix time in milliseconds.
    package var nowMilliseconds: Int64

    /// Joins the parts.
    package init(
        gateway: String, requestHash: String, door: EnrolmentDoor, tokenHash: String? = nil,
        nowMilliseconds: Int64
    ) {
        self.gateway = gateway
        self.requestHash = requestHash
        self.door = door
        self.tokenHash = tokenHash
        self.nowMilliseconds = nowMilliseconds
    }
}

/// What becomes of an enrolment.
package enum EnrolmentVerdict: Hashable, Sendable {
    /// A certificate was issued now.
    case issued(EnrolledCertificate)
    /// The same request was answered before; this is what it got.
    case repeated(EnrolledCertificate)
    /// An operator has to approve it.
    case waiting
    /// No token like that, none of this device, or no such device.
    case wrongToken
    /// The token was used by another request.
    case usedToken
    /// The token has expired.
    case expiredToken
    /// There is no such device any more.
    case unknownDevice
    /// No certificate could be made; nothing has changed.
    case notIssued
}
