internal import CMosquitto
import Glibc

/// One client of libmosquitto, for one connection; destroyed with it.
///
/// The library keeps its own list of unacknowledged messages and would send them again on its own
/// after a reconnect. A fresh client for each connection leaves that decision to our store alone.
/// Our thread drives it; the library has none of its own.
package final class Mosquitto {
    /// What the library reported; read it after each call.
    package let sink: SessionSink
    private let handle: OpaquePointer

    /// `mosquitto_lib_init` is the one call that is not safe from several threads.
    private static let isLibraryReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    /// Makes a client; `cleanStart` asks the broker to forget what it kept for this name.
    package init(clientID: String, cleanStart: Bool, sink: SessionSink) throws(LinkError) {
        self.sink = sink
        let context = Unmanaged.passUnretained(sink).toOpaque()
        guard Self.isLibraryReady, let made = mosquitto_new(clientID, cleanStart, context)
        else {
            throw LinkError("cannot make an MQTT client: \(String(cString: strerror(errno)))")
        }
        handle = made
        setCallbacks()
    }

    deinit { mosquitto_destroy(handle) }

    /// For `poll`; negative when there is no connection.
    package var descriptor: Int32 { mosquitto_socket(handle) }

    /// Whether bytes wait for room in the socket.
    package var wantsToWrite: Bool { mosquitto_want_write(handle) }

    /// Sets the protocol level and how many messages the library sends without an answer.
    ///
    /// The library counts for itself what it has sent; more are queued in its memory.
    package func set(_ version: LinkConfiguration.Version, sendMaximum: Int) {
        let level = version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
        mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, level)
        mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1)
        mosquitto_int_option(
            handle, MOSQ_OPT_SEND_MAXIMUM, Int32(clamping: min(65_535, sendMaximum)))
    }

    /// Sets user name and password.
    package func set(username: String, password: String?) -> Int32 {
        mosquitto_username_pw_set(handle, username, password)
    }

    /// Turns TLS on; 1.2 is the library's lowest version and the name check its default.
    package func set(_ certificates: LinkCertificates) -> Int32 {
        mosquitto_tls_set(
            handle, certificates.authorityFile, nil, certificates.certificateFile,
            certificates.keyFile, nil)
    }

    /// Sets what the broker publishes when we vanish; takes the properties over.
    func setWill(topic: String, payload: [UInt8], properties: MessageProperties?) -> Int32 {
        let list = properties?.release()
        let code = mosquitto_will_set_v5(
            handle, topic, Int32(payload.count), payload, 1, true, list)
        if code != MOSQ_ERR_SUCCESS.rawValue {
            var list = list
            mosquitto_property_free_all(&list)
        }
        return code
    }

    /// Begins to connect without waiting; only resolving the name may block.
    ///
    /// The library's non-blocking call takes no properties, but it sends those of an earlier
    /// blocking call. That earlier call is made to a socket file that cannot exist, which fails at
    /// once. A library whose asynchronous call takes properties would allow removing this.
    package func connect(
        host: String, port: Int, keepAliveSeconds: Int, properties: MessageProperties?
    ) -> Int32 {
        let keepAlive = Int32(keepAliveSeconds)
        if let properties {
            _ = properties.withList {
                mosquitto_connect_bind_v5(handle, "/proc/no/socket", 0, keepAlive, nil, $0)
            }
            sink.ending = nil
            sink.complaints = []
        }
        errno = 0
        return mosquitto_connect_bind_async(handle, host, Int32(port), keepAlive, nil)
    }

    /// Reads what has come and writes what there is room for.
    ///
    /// During a TLS handshake the library makes progress in its read call only.
    package func process(readable: Bool, writable: Bool) -> Int32 {
        if readable || (writable && sink.welcome == nil) {
            let code = mosquitto_loop_read(handle, 1)
            if code != MOSQ_ERR_SUCCESS.rawValue { return code }
        }
        if writable, descriptor >= 0 { return mosquitto_loop_write(handle, 1) }
        return MOSQ_ERR_SUCCESS.rawValue
    }

    /// Has what was read acknowledged at once instead of up to 40 ms later.
    ///
    /// A broker that sends each of its answers by itself and keeps to Nagle's rule, as mosquitto does
    /// when it is not told otherwise, holds the next one back until the last was acknowledged. The
    /// kernel takes the wish back by itself, so it is renewed after each read.
    package func acknowledgeQuickly() {
        var one: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &one,
            socklen_t(MemoryLayout<Int32>.size))
    }

    /// Asks for signs of life when it is time; call about once a second.
    package func maintain() -> Int32 { mosquitto_loop_misc(handle) }

    /// Queues a message and gives its id; success means only that it was queued.
    package func publish(
        _ topic: String, _ payload: UnsafeRawBufferPointer, qos: Int32, retain: Bool,
        _ properties: MessageProperties?, id: inout Int32
    ) -> Int32 {
        guard let properties else {
            return mosquitto_publish_v5(
                handle, &id, topic, Int32(payload.count), payload.baseAddress, qos, retain, nil)
        }
        return properties.withList {
            mosquitto_publish_v5(
                handle, &id, topic, Int32(payload.count), payload.baseAddress, qos, retain, $0)
        }
    }

    /// Asks for messages of a topic.
    package func subscribe(_ topic: String, qos: Int32) -> Int32 {
        mosquitto_subscribe_v5(handle, nil, topic, qos, 0, nil)
    }

    /// Leaves in order: the broker forgets the will.
    package func disconnect() { mosquitto_disconnect_v5(handle, 0, nil) }

    /// The library's words for one of its errors.
    package static func words(_ code: Int32) -> String { String(cString: mosquitto_strerror(code)) }

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, context, code, flags, properties in
            guard let context else { return }
            var maximum: UInt16 = 0
            let found = mosquitto_property_read_int16(
                properties, Int32(MQTT_PROP_RECEIVE_MAXIMUM.rawValue), &maximum, false)
            SessionSink.of(context).welcome = SessionSink.Welcome(
                code: code, receiveMaximum: found == nil ? nil : Int(maximum),
                hasSession: flags & 1 != 0)
        }
        mosquitto_disconnect_v5_callback_set(handle) { _, context, code, _ in
            guard let context else { return }
            SessionSink.of(context).ending = code
        }
        mosquitto_publish_v5_callback_set(handle) { _, context, id, reason, _ in
            guard let context else { return }
            SessionSink.of(context).answers.append((id, reason))
        }
        mosquitto_subscribe_v5_callback_set(handle) { _, context, _, count, granted, _ in
            guard let context, let granted else { return }
            let refused = (0..<Int(count)).count { granted[$0] >= 128 }
            SessionSink.of(context).refusedSubscriptions += refused
        }
        mosquitto_message_v5_callback_set(handle) { _, context, message, properties in
            guard let context, let message = message?.pointee else { return }
            SessionSink.of(context).received.append(ReceivedMessage(message, properties))
        }
        mosquitto_log_callback_set(handle) { _, context, level, line in
            guard let context, let line, level == MOSQ_LOG_ERR else { return }
            SessionSink.of(context).complain(String(cString: line))
        }
    }
}

extension SessionSink {
    /// The sink behind a callback's context; `Mosquitto` holds it until after its handle is gone.
    fileprivate static func of(_ context: UnsafeMutableRawPointer) -> SessionSink {
        Unmanaged<SessionSink>.fromOpaque(context).takeUnretainedValue()
    }
}

extension ReceivedMessage {
    /// Copies a message; the library frees it when the callback returns.
    fileprivate init(_ message: mosquitto_message, _ properties: OpaquePointer?) {
        topic = message.topic.map { String(cString: $0) } ?? ""
        let bytes = UnsafeRawBufferPointer(
            start: message.payload, count: message.payload == nil ? 0 : Int(message.payloadlen))
        payload = Array(bytes)
        isRetained = message.retain
        var text: UnsafeMutablePointer<CChar>?
        mosquitto_property_read_string(
            properties, Int32(MQTT_PROP_RESPONSE_TOPIC.rawValue), &text, false)
        responseTopic = text.map { String(cString: $0) }
        free(text)
        var blob: UnsafeMutableRawPointer?
        var size: UInt16 = 0
        mosquitto_property_read_binary(
            properties, Int32(MQTT_PROP_CORRELATION_DATA.rawValue), &blob, &size, false)
        correlation = blob.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(size))) }
        free(blob)
    }
}
