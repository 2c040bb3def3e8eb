internal import CMosquitto
import Glibc

/// What the library's callbacks saw during a call into it; read and emptied after the call.
///
/// Callbacks run on the worker's own thread, inside its calls. They copy and leave.
final class BrokerEvents {
    /// The broker's answer to our CONNECT; 0 welcomes.
    var welcome: Int32?
    /// Why the connection ended: the library's error or, from 128, the broker's reason.
    var ending: Int32?
    /// The broker's answer to our subscription.
    var subscription: Int32?
    /// Messages that came.
    var messages: [(topic: String, payload: [UInt8])] = []
    /// Ids of our messages that the broker answered, with its reason.
    var answers: [(id: Int32, reason: Int32)] = []
    /// What the library said about an error, the last few lines.
    var complaints: [String] = []
    /// Grows with everything above.
    var count = 0

    fileprivate static func of(_ context: UnsafeMutableRawPointer) -> BrokerEvents {
        let events = Unmanaged<BrokerEvents>.fromOpaque(context).takeUnretainedValue()
        events.count += 1
        return events
    }
}

/// One client of libmosquitto, for one connection; destroyed with it.
///
/// The library acknowledges a message before it hands it over. To the broker a message is therefore
/// done before we have stored it, and our own acknowledgement after the commit is the one that counts.
final class BrokerClient {
    let events = BrokerEvents()
    private let handle: OpaquePointer

    /// `mosquitto_lib_init` is the one call that is not safe from several threads.
    private static let isLibraryReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    /// Makes a client that keeps its session at the broker.
    init(clientID: String, receiveMaximum: Int) throws(IngestError) {
        let context = Unmanaged.passUnretained(events).toOpaque()
        guard Self.isLibraryReady, let made = mosquitto_new(clientID, false, context) else {
            throw .client("cannot make an MQTT client: \(String(cString: strerror(errno)))")
        }
        handle = made
        mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5)
        mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1)
        mosquitto_int_option(handle, MOSQ_OPT_RECEIVE_MAXIMUM, Int32(receiveMaximum))
        setCallbacks()
    }

    deinit { mosquitto_destroy(handle) }

    /// For `poll`; negative when there is no connection.
    var descriptor: Int32 { mosquitto_socket(handle) }

    /// Whether bytes wait for room in the socket.
    var wantsToWrite: Bool { mosquitto_want_write(handle) }

    /// Sets user name, password and the certificates of a worker, from 1.
    func secure(_ configuration: IngestConfiguration, worker: Int) throws(IngestError) {
        if let username = configuration.username {
            try check(
                mosquitto_username_pw_set(handle, username, configuration.password?.revealed),
                "user name")
        }
        guard let tls = configuration.tls?.files(ofWorker: worker) else { return }
        try check(
            mosquitto_tls_set(
                handle, tls.authorityFile, nil, tls.certificateFile, tls.keyFile, nil),
            "certificates")
    }

    private func check(_ code: Int32, _ what: String) throws(IngestError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw .client("cannot set the \(what) of the MQTT client: \(Self.words(code))")
    }

    /// Begins to connect without waiting; only resolving the name may block.
    ///
    /// The library's call that does not wait takes no properties but sends those of an earlier call
    /// that waits. That one is made to a socket file that cannot exist, and fails at once.
    func connect(_ configuration: IngestConfiguration) -> Int32 {
        var properties: OpaquePointer?
        mosquitto_property_add_int32(
            &properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue),
            UInt32(configuration.sessionSeconds))
        mosquitto_property_add_int16(
            &properties, Int32(MQTT_PROP_RECEIVE_MAXIMUM.rawValue),
            UInt16(clamping: configuration.receiveMaximum))
        defer { mosquitto_property_free_all(&properties) }
        let keepAlive = Int32(configuration.keepAliveSeconds)
        _ = mosquitto_connect_bind_v5(handle, "/proc/no/socket", 0, keepAlive, nil, properties)
        events.ending = nil
        events.complaints = []
        errno = 0
        return mosquitto_connect_bind_async(
            handle, configuration.host, Int32(configuration.port), keepAlive, nil)
    }

    /// Reads once and writes what there is room for.
    ///
    /// During a TLS handshake the library makes progress in its read call only.
    func process(canRead: Bool, canWrite: Bool) -> Int32 {
        if canRead || (canWrite && events.welcome == nil) {
            let code = mosquitto_loop_read(handle, 1)
            if code != MOSQ_ERR_SUCCESS.rawValue { return code }
        }
        if canWrite, descriptor >= 0 { return mosquitto_loop_write(handle, 1) }
        return MOSQ_ERR_SUCCESS.rawValue
    }

    /// Asks for signs of life when it is time; call about once a second.
    func maintain() -> Int32 { mosquitto_loop_misc(handle) }

    /// Asks for messages of a topic with QoS 1.
    func subscribe(_ topic: String) -> Int32 {
        mosquitto_subscribe_v5(handle, nil, topic, 1, 0, nil)
    }

    /// Queues a document with QoS 1 and gives its id.
    func publish(_ document: OutgoingDocument, id: inout Int32) -> Int32 {
        var properties: OpaquePointer?
        mosquitto_property_add_byte(
            &properties, Int32(MQTT_PROP_PAYLOAD_FORMAT_INDICATOR.rawValue), 1)
        mosquitto_property_add_string(
            &properties, Int32(MQTT_PROP_CONTENT_TYPE.rawValue), "application/json")
        mosquitto_property_add_string_pair(
            &properties, Int32(MQTT_PROP_USER_PROPERTY.rawValue), "schema", document.schema)
        if document.expirySeconds > 0 {
            mosquitto_property_add_int32(
                &properties, Int32(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.rawValue),
                document.expirySeconds)
        }
        defer { mosquitto_property_free_all(&properties) }
        return mosquitto_publish_v5(
            handle, &id, document.topic, Int32(document.payload.count), document.payload, 1,
            false, properties)
    }

    /// Leaves in order; the broker keeps the session.
    func disconnect() { mosquitto_disconnect_v5(handle, 0, nil) }

    /// The library's words for one of its errors.
    static func words(_ code: Int32) -> String { String(cString: mosquitto_strerror(code)) }

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, context, code, _, _ in
            guard let context else { return }
            BrokerEvents.of(context).welcome = code
        }
        mosquitto_disconnect_v5_callback_set(handle) { _, context, code, _ in
            guard let context else { return }
            BrokerEvents.of(context).ending = code
        }
        mosquitto_publish_v5_callback_set(handle) { _, context, id, reason, _ in
            guard let context else { return }
            BrokerEvents.of(context).answers.append((id, reason))
        }
        mosquitto_subscribe_v5_callback_set(handle) { _, context, _, count, granted, _ in
            guard let context, let granted, count > 0 else { return }
            BrokerEvents.of(context).subscription = granted[0]
        }
        mosquitto_message_v5_callback_set(handle) { _, context, message, _ in
            guard let context, let message = message?.pointee else { return }
            let bytes = UnsafeRawBufferPointer(
                start: message.payload,
                count: message.payload == nil ? 0 : Int(message.payloadlen))
            let topic = message.topic.map { String(cString: $0) } ?? ""
            BrokerEvents.of(context).messages.append((topic, Array(bytes)))
        }
        mosquitto_log_callback_set(handle) { _, context, level, line in
            guard let context, let line, level == MOSQ_LOG_ERR else { return }
            let events = BrokerEvents.of(context)
            if events.complaints.count < 8 { events.complaints.append(String(cString: line)) }
        }
    }
}

/// A document on its way to a gateway.
struct OutgoingDocument {
    let topic: String
    let schema: String
    let payload: [UInt8]
    /// Seconds after which the broker forgets it; 0 is never.
    var expirySeconds: UInt32 = 0
}
