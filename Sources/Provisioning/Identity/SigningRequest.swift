import EST
import SwiftASN1
import X509

/// Makes what a gateway asks the fleet to sign.
package enum SigningRequest {
    /// A PKCS#10 request in DER: the id as only common name and as `urn:amphora:gateway:<id>`.
    package static func make(
        gateway: String, key: any DeviceKey
    ) throws(ProvisioningError) -> [UInt8] {
        guard GatewayName.isValid(gateway) else {
            throw ProvisioningError(
                .input,
                "'\(gateway)' cannot be the id of a gateway, expected 1 to 64 characters of a…z 0…9 -"
            )
        }
        do {
            let names = SubjectAlternativeNames([
                .uniformResourceIdentifier("urn:amphora:gateway:\(gateway)")
            ])
            let extensions = try Certificate.Extensions { names }
            let request = try CertificateSigningRequest(
                version: .v1, subject: try DistinguishedName { CommonName(gateway) },
                privateKey: key.signer,
                attributes: .init([.init(ExtensionRequest(extensions: extensions))]))
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        } catch {
            throw ProvisioningError(
                .storage, "cannot sign a request with '\(key.location)': \(error)")
        }
    }
}
