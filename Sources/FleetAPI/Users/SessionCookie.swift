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

    /// The token in the cookie of a request; nil when there is none.
    static func token(_ request: Request) -> String? {
        CookieField.token(in: request.headers[values: .cookie])
    }

    /// The field `Set-Cookie` for a token that is good for so many seconds.
    static func field(_ token: String, seconds: Int64, isSecure: Bool) -> String {
        let ends = "Path=/; Max-Age=\(max(0, seconds)); HttpOnly; SameSite=Strict"
        return isSecure
            ? "\(CookieField.secureName)=\(token); \(ends); Secure"
            : "\(CookieField.plainName)=\(token); \(ends)"
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
        guard CookieField.isHere(origin, host: request.head.authority ?? "") else {
            throw Problem(.crossSite, "expected an 'Origin' equal to 'Host'")
        }
    }
}
