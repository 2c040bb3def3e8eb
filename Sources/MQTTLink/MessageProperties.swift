internal import CMosquitto

/// A list of MQTT 5 properties; freed with the last reference unless the library took it over.
package final class MessageProperties {
    private var list: OpaquePointer?

    /// Makes an empty list.
    init() {}

    deinit { mosquitto_property_free_all(&list) }

    /// What a JSON document carries: its content type, that it is text, and its schema.
    package static func document(schema: String?, expirySeconds: UInt32 = 0) -> MessageProperties {
        let properties = MessageProperties()
        properties.add(MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, byte: 1)
        properties.add(MQTT_PROP_CONTENT_TYPE, "application/json")
        if let schema {
            mosquitto_property_add_string_pair(
                &properties.list, Int32(MQTT_PROP_USER_PROPERTY.rawValue), "schema", schema)
        }
        if expirySeconds > 0 {
            properties.add(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, int32: expirySeconds)
        }
        return properties
    }

    /// What a client asks for when it connects: how long the broker keeps its session, and how many
    /// messages it takes without having answered them.
    package static func session(
        expirySeconds: UInt32, receiveMaximum: UInt16
    ) -> MessageProperties {
        let properties = MessageProperties()
        properties.add(MQTT_PROP_SESSION_EXPIRY_INTERVAL, int32: expirySeconds)
        properties.add(MQTT_PROP_RECEIVE_MAXIMUM, int16: receiveMaximum)
        return properties
    }

    func add(_ property: mqtt5_property, byte: UInt8) {
        mosquitto_property_add_byte(&list, Int32(property.rawValue), byte)
    }

    func add(_ property: mqtt5_property, int16: UInt16) {
        mosquitto_property_add_int16(&list, Int32(property.rawValue), int16)
    }

    func add(_ property: mqtt5_property, int32: UInt32) {
        mosquitto_property_add_int32(&list, Int32(property.rawValue), int32)
    }

    func add(_ property: mqtt5_property, _ text: String) {
        mosquitto_property_add_string(&list, Int32(property.rawValue), text)
    }

    /// Lends the list for one call.
    func withList(_ body: (OpaquePointer?) -> Int32) -> Int32 { body(list) }

    /// Gives the list away.
    func release() -> OpaquePointer? {
        defer { list = nil }
        return list
    }
}
