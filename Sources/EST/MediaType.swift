/// What a body is, as its `Content-Type` says.
package enum MediaType {
    /// An answer with certificates.
    package static let certificates = "application/pkcs7-mime; smime-type=certs-only"
    /// A certificate request.
    package static let request = "application/pkcs10"
    /// A sentence for people.
    package static let text = "text/plain; charset=utf-8"

    /// Whether a header field names a type, whatever its parameters, case and spaces.
    package static func names(_ field: String, _ type: String) -> Bool { bare(field) == bare(type) }

    /// `Application/PKCS10 ; a=b` is `application/pkcs10`.
    private static func bare(_ field: String) -> [UInt8] {
        field.utf8.prefix { $0 != UInt8(ascii: ";") }
            .filter { $0 != UInt8(ascii: " ") && $0 != 0x09 }
            .map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}
