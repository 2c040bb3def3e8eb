import HTTPTypes
import Hummingbird

/// The cookie that carries a session, and what keeps other sites from using it.
///
/// A browser sends a cookie by itself, so what changes something has to show that it comes from the app:
/// a field that no other site can add without being asked first, and an origin that is this server.
enum SessionCookie {
    /// The field that the app adds, and what stands in it.
    static let appName: HTTPField.Name = {
        guard let name = HTTPField.Name("Amphora-Request") else { return .from }
        return name
    }()
    static let app = "app"

    /// What a proxy that speaks TLS says of the connection behind it.
    private static let forwardedName: HTTPField.Name? = HTTPField.Name("X-Forwarded-Proto")
    private static let (secureName, plainName) = ("__Host-amphora", "amphora")

    /// The token in the cookie of a request; nil when there is none.
    static func token(_ request: Request) -> String? {
        var found: [String: String] = [:]
        for field in request.headers[values: .cookie] {
            for part in field.split(separator: ";").prefix(64) {
                let pair = part.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard pair.count == 2 else { continue }
                let name = String(pair[0].drop { $0 == " " })
                // what came first stands for the narrower path
                if found[name] == nil { found[name] = String(pair[1]) }
            }
        }
        // the first of these can only have been set over TLS, by this host
        return found[secureName] ?? found[plainName]
    }

    /// The field `Set-Cookie` for a token that is good for so many seconds.
    static func field(_ token: String, seconds: Int64, isSecure: Bool) -> String {
        let ends = "Path=/; Max-Age=\(max(0, seconds)); HttpOnly; SameSite=Strict"
        return isSecure
            ? "\(secureName)=\(token); \(ends); Secure" : "\(plainName)=\(token); \(ends)"
    }

    /// The field that makes a browser forget the cookie.
    static func cleared(isSecure: Bool) -> String { field("", seconds: 0, isSecure: isSecure) }

    /// Whether the browser speaks TLS, to this server or to a proxy in front of it.
    ///
    /// Who says so without a proxy only keeps the own cookie from coming back.
    static func isSecure(_ request: Request, overTLS: Bool) -> Bool {
        overTLS || forwardedName.flatMap { request.headers[$0] }?.lowercased() == "https"
    }

    /// Throws when a request that changes something was not made by the app on this server.
    ///
    /// `hasCookie` is whether the cookie speaks for somebody; without it there is nothing to abuse but a
    /// sign-in in somebody's name, which the origin is enough for.
    static func check(_ request: Request, hasCookie: Bool) throws {
        guard request.method != .get, request.method != .head else { return }
        if hasCookie, request.headers[appName] != app {
            throw Problem(
                .crossSite, "expected '\(appName.rawName): \(app)' with a cookie, as the app sends")
        }
        guard let origin = request.headers[.origin] else { return }
        guard isHere(origin, host: request.head.authority ?? "") else {
            throw Problem(.crossSite, "expected an 'Origin' equal to 'Host'")
        }
    }

    /// Whether an origin such as `https://fleet.example:8443` is this host.
    private static func isHere(_ origin: String, host: String) -> Bool {
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")]
        where origin.hasPrefix(scheme) && !host.isEmpty {
            let (found, host) = (origin.dropFirst(scheme.count).lowercased(), host.lowercased())
            return found == host || found + port == host || found == host + port
        }
        return false
    }
}
